/* A unit of systemd as it is in force: its file and every drop-in, in systemd's order. */
#ifndef CTL_SYSTEMD_H
#define CTL_SYSTEMD_H

#include "policy/arena.h"
#include "policy/error.h"
#include "policy/texts.h"

#define SYSTEMD_SERVICE "submilter.service"
#define SYSTEMD_SOCKET "submilter.socket"

struct systemd_unit {
    const char *name;
    bool exists; /* false: there is none, or it is masked; the text is empty then */
    bool masked;
    const char *text; /* what `systemctl cat` says */
};

/* Whether systemd runs this host. */
bool systemd_runs(void);

/* Asks systemctl. False when memory is out. */
MUST_CHECK bool systemd_read(struct arena *arena, const char *name, struct systemd_unit *ret_unit);

struct systemd_state {
    bool active;  /* also while it starts */
    bool enabled; /* at boot, or there is nothing to enable */
};

/* Asks systemctl; where that cannot say, neither. */
struct systemd_state systemd_state_of(struct arena *arena, const char *name);

/* The values of "Name=" in force: an empty one takes those before it away. */
MUST_CHECK bool systemd_values(struct arena *arena, const struct systemd_unit *unit,
                               const char *name, struct texts *ret_values);

/* The last of them; NULL: none, or memory is out. */
const char *systemd_value(struct arena *arena, const struct systemd_unit *unit, const char *name);

/* Their words, for settings that are lists of words (ReadWritePaths=). */
MUST_CHECK bool systemd_words(struct arena *arena, const struct systemd_unit *unit,
                              const char *name, struct texts *ret_words);

/* What the unit would say with the drop-in at path having this content, "": being away. systemd
 * reads drop-ins in the order of their files' names. NULL when memory is out. */
const char *systemd_text_with(struct arena *arena, const struct systemd_unit *unit,
                              const char *path, const char *content);

/* Whether the service runs submilter with that configuration. */
bool systemd_runs_config(struct arena *arena, const struct systemd_unit *service,
                         const char *config);

/* Whether the service may write there, as far as its own settings go. */
bool systemd_may_write(struct arena *arena, const struct systemd_unit *service, const char *folder);

/* ListenStream= for a socket of submilter.conf. NULL: it has none (fd:N), its name has no address,
 * or memory is out. */
const char *systemd_listen_of(struct arena *arena, const char *socket);

/* The host part of a ListenStream= that is ADDRESS:PORT or [ADDRESS]:PORT. NULL: it has none. */
const char *systemd_address_of(struct arena *arena, const char *listen);

/* Whether a ListenStream= can be reached by this host alone: a path, a loopback address. */
bool systemd_listen_is_local(const char *listen);

#endif
