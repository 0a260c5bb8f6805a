/* What `submilterctl verify` is asked to do. */
#ifndef CTL_VERIFY_VERIFY_OPTIONS_H
#define CTL_VERIFY_VERIFY_OPTIONS_H

#include "policy/address.h"
#include "policy/error.h"

struct verify_options {
    const char *address; /* as it goes into commands and fields: local@domain */
    struct mailbox mailbox;
    const char *host;
    long port;
    const char *connect;
    bool implicit_tls;
    const char *ca;
    bool insecure;
    const char *login;         /* by default the address */
    const char *password_file; /* NULL: asked for on the terminal; "-": standard input */
    const char *mechanism;
    const char *spoof; /* NULL: one is made up */
    const char *to;    /* by default the address */
    const char *sink_address;
    long sink_port; /* 0: no sink */
    const char *mailbox_path;
    const char *message;  /* a file, "-": standard input; NULL: none */
    const char *resolver; /* ADDRESS[@PORT]; NULL: the system's */
    bool no_dns;
    long wait;    /* seconds for the message to come out */
    long timeout; /* seconds for each reply */
    bool json;
};

/* Texts live in argv or the arena. False: the usage text is due, after the error's where it has
 * one. */
bool verify_options_read(int argc, char **argv, struct arena *arena,
                         struct verify_options *ret_options, struct error *error);

/* An address for commands: one mailbox with a domain, without a display name. */
MUST_CHECK bool verify_options_address(struct arena *arena, const char *option, const char *text,
                                       struct mailbox *ret_mailbox, const char **ret_address,
                                       struct error *error);

#endif
