/* Everything that is known of one message, gathered before any rule is asked.
 *
 * A fact is known, absent or unavailable. Facts borrow: their bytes live in the connection's or the
 * message's arena, which outlive them. Rules read facts and never change them. */
#ifndef POLICY_FACTS_H
#define POLICY_FACTS_H

#include <stdint.h>

#include "policy/address.h"
#include "policy/arena.h"
#include "policy/bytes.h"
#include "policy/counting.h"
#include "policy/texts.h"

enum fact {
    FACT_ABSENT,
    FACT_KNOWN,
    FACT_UNAVAILABLE, /* it could not be found out: the answer is a 451, not a guess */
};

enum stage {
    STAGE_MAIL,   /* connection, TLS, login, envelope sender */
    STAGE_RCPT,   /* the above and one recipient */
    STAGE_HEADER, /* the whole header block, the beginning of the body, ownership and key answers */
    STAGE_BODY,   /* everything */
    STAGE_SETTLE, /* asked only for what would leave: what is counted is counted now */
    STAGE_COUNT,
};

/* What this site is: from the configuration in force. */
struct site {
    struct texts domains;      /* what we send as and sign for: lower case A-labels */
    struct texts authserv_ids; /* as configured */
};

enum mta {
    MTA_OTHER, /* Postfix, as a rule */
    MTA_SENDMAIL,
};

struct facts_connection {
    enum mta mta;                /* who asks */
    struct bytes mta_host;       /* its own full name, {j} */
    bool smtp;                   /* false: sendmail(1), no client on the other side */
    struct bytes client_address; /* "192.0.2.1", "2001:db8::1"; no bytes where there is none */
    struct bytes client_name;    /* as the MTA looked it up; no bytes where unknown */
    struct bytes daemon_name;    /* {daemon_name} at connect */
    int64_t daemon_port;         /* the server's port, 0 when unknown */
    struct bytes helo;
    struct bytes listener; /* name of the listener that holds, from MAIL on */
};

struct facts_tls {
    enum fact state;
    struct bytes version;      /* "TLSv1.3" */
    struct bytes cipher;       /* "TLS_AES_256_GCM_SHA384" */
    int64_t cipher_bits;       /* 0 when the MTA did not say */
    struct bytes cert_subject; /* of a client certificate that the MTA trusts; never a login */
    struct bytes cert_issuer;
    struct bytes terminator; /* the trusted proxy that ended TLS before the MTA, where the listener
                                names one: nothing is known of the client's TLS then */
};

struct facts_login {
    enum fact state;
    struct bytes name;      /* {auth_authen} */
    struct bytes mechanism; /* {auth_type}; no bytes where the MTA did not say */
};

struct facts_envelope {
    struct bytes mail_from;     /* as given, with its brackets */
    struct address_list sender; /* mail_from, parsed; count 0 for <> */
    bool smtputf8;              /* SMTPUTF8 was among MAIL's parameters */
    struct bytes rcpt;          /* at STAGE_RCPT: the recipient that is asked about, as given */
    int64_t rcpt_count;         /* recipients accepted so far, the asked one not counted */
};

struct field {
    struct bytes name;  /* as received */
    struct bytes value; /* all behind the colon: leading blanks and folds (LF or CRLF + blank) as
                           received, without the line end */
    unsigned
        instance; /* 1 for the first of its name (ASCII case ignored), as smfi_chgheader counts */
};

struct facts_header {
    const struct field *fields;
    size_t count;
    size_t dropped; /* fields more that would have passed a rule's caps: counted here, not kept.
                       That rule refuses; no other that reads the block is asked then */
    size_t size;    /* bytes of all names and values, the dropped ones' too */
    bool too_large; /* a cap was passed: what came after it was dropped, so nothing is certain */
};

struct facts_body {
    int64_t size;
    bool has_nul;
    bool has_bare_cr;
    bool has_bare_lf;
    int64_t longest_line; /* bytes, its line end not counted; a bare CR or LF ends a line too */
    bool has_early_end; /* a lone dot on a line that a bare CR or LF begins or ends (SMTP smuggling)
                         */
    struct bytes cut_short; /* the name of a field that shows that the header block ended early, as
                               the body's beginning has it; no bytes where none does */
};

enum identity_kind {
    IDENTITY_MAIL_FROM,
    IDENTITY_FROM,
    IDENTITY_SENDER,
    IDENTITY_RESENT_FROM,
    IDENTITY_RESENT_SENDER,
    IDENTITY_DISPLAY_NAME, /* an address that stands in From's display name */
};

enum ownership {
    OWNERSHIP_NOT_ASKED, /* there is no login to ask for */
    OWNERSHIP_GRANTED,
    OWNERSHIP_DENIED,
    OWNERSHIP_UNAVAILABLE, /* a table did not answer */
};

/* One From, Sender, Resent-From or Resent-Sender field, parsed. */
struct identity_field {
    enum identity_kind kind;
    const struct field *field;
    struct address_list list;
};

/* One address that the message claims, and whether the login may use it. */
struct identity {
    enum identity_kind kind;
    const struct field *field; /* where it stands; NULL for MAIL FROM */
    const struct mailbox *mailbox;
    bool in_domains; /* its domain is one of site->domains */
    enum ownership ownership;
    struct bytes
        source; /* the row that granted ("texthash:/etc/..:12 @example.com"), or what failed */
};

/* What the key store and the verifier say. */
struct facts_dkim {
    enum fact keys;          /* KNOWN: at least one active key signs for domain */
    struct bytes domain;     /* d= that would sign; no bytes when the From domain is not ours */
    enum fact own_signature; /* KNOWN: a valid signature of ours; ABSENT: none that holds */
    struct bytes own_signature_domain;
};

/* What limits/ answered. */
struct facts_limits {
    enum fact state; /* ABSENT: nothing is counted here */
    struct counted_subject subjects[SUBJECT_COUNT];
    struct login_standing standing;
    struct habit habit;
    bool rcpt_is_new;      /* the asked recipient: never written to by this login */
    bool rcpt_is_known;    /* ... since long enough to be let through when the login is contained */
    int64_t new_rcpts;     /* among the accepted ones */
    int64_t unknown_rcpts; /* ... those that are not known */
    bool degraded;         /* judged by this host's share of the fleet's limits */
    int64_t hosts;         /* how many share; 0 where not degraded */
};

struct facts {
    const struct site *site;
    struct facts_connection connection;
    struct facts_tls tls;
    struct facts_login login;
    struct facts_envelope envelope;
    struct facts_header header;
    struct facts_body body;
    struct address_list
        from; /* the first From field, parsed; count 0 and UNPARSABLE where there is none */
    const struct identity_field *identity_fields; /* in the header's order; see identities.h */
    size_t identity_field_count;
    struct identity *identities; /* their ownership is filled in by whoever asks the tables */
    size_t identity_count;
    bool identities_cut; /* there are more than IDENTITIES_MAX: what is listed is not all */
    struct facts_dkim dkim;
    struct facts_limits limits;
    enum stage stage;   /* that is being asked: for rules that are asked at several */
    int64_t now;        /* seconds since 1970 */
    uint8_t random[16]; /* from the kernel, for a Message-ID, and the secret of hashes until then */
    const char *id;     /* the decision's id */
};

/* The n-th field (from 0) of a name, ASCII case ignored; NULL where there are fewer. */
const struct field *facts_field(const struct facts_header *header, struct bytes name, size_t n);

/* How many fields of a name there are. */
size_t facts_field_count(const struct facts_header *header, struct bytes name);

#endif
