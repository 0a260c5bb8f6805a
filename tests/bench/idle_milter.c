/* A milter that does nothing but add one field: what libmilter costs by itself.
 *
 *   idle_milter unix:/PATH | inet:PORT@ADDRESS */
#include <stdio.h>

#include "tests/bench/peer.h"

static sfsistat on_connect(SMFICTX *context, char *host, _SOCK_ADDR *address)
{
    (void)context, (void)host, (void)address;
    return SMFIS_NOREPLY;
}

static sfsistat on_helo(SMFICTX *context, char *name)
{
    (void)context, (void)name;
    return SMFIS_NOREPLY;
}

static sfsistat on_mail(SMFICTX *context, char **arguments)
{
    (void)context, (void)arguments;
    return SMFIS_CONTINUE;
}

static sfsistat on_rcpt(SMFICTX *context, char **arguments)
{
    (void)context, (void)arguments;
    return SMFIS_NOREPLY;
}

static sfsistat on_data(SMFICTX *context)
{
    (void)context;
    return SMFIS_CONTINUE;
}

static sfsistat on_field(SMFICTX *context, char *name, char *value)
{
    (void)context, (void)name, (void)value;
    return SMFIS_NOREPLY;
}

static sfsistat on_eoh(SMFICTX *context)
{
    (void)context;
    return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *context, unsigned char *chunk, size_t len)
{
    (void)context, (void)chunk, (void)len;
    return SMFIS_NOREPLY;
}

static sfsistat on_end(SMFICTX *context)
{
    char name[] = "X-Idle", value[] = " yes";
    return smfi_insheader(context, 0, name, value) == MI_SUCCESS ? SMFIS_ACCEPT : SMFIS_TEMPFAIL;
}

int main(int argc, char **argv)
{
    static char name[] = "idle_milter";
    const struct smfiDesc callbacks = {
        .xxfi_name = name,
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = SMFIF_ADDHDRS,
        .xxfi_connect = on_connect,
        .xxfi_helo = on_helo,
        .xxfi_envfrom = on_mail,
        .xxfi_envrcpt = on_rcpt,
        .xxfi_data = on_data,
        .xxfi_header = on_field,
        .xxfi_eoh = on_eoh,
        .xxfi_body = on_body,
        .xxfi_eom = on_end,
        .xxfi_negotiate = peer_negotiate,
    };
    if (argc != 2) {
        fprintf(stderr, "usage: idle_milter unix:/PATH | inet:PORT@ADDRESS\n");
        return 64;
    }
    return peer_listen(argv[1]) ? peer_serve(&callbacks) : 1;
}
