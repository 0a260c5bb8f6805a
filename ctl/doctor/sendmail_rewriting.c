/* What Sendmail changes after submilter has signed, and who else signs. */
#include <string.h>
#include <strings.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/opendkim.h"
#include "ctl/doctor/sendmail_view.h"
#include "mta/whole_file.h"
#include "policy/engine.h"

static const struct doctor_kind kinds[] = {
    {"sendmail.masquerade", DOCTOR_PROBLEM, "MASQUERADE_AS rewrites senders after the signature",
     "From is signed: rewritten, the signature is broken, and the new domain has none."},
    {"sendmail.genericstable", DOCTOR_PROBLEM, "genericstable rewrites senders after the signature",
     "From is signed: rewritten, the signature is broken, and the new domain has none."},
    {"sendmail.host-names", DOCTOR_ADVICE,
     "Sendmail replaces host names in addresses after the signature",
     "To and Cc are signed: where the DNS has a CNAME, another name stands there and the signature "
     "is broken."},
    {"sendmail.mime-headers", DOCTOR_PROBLEM,
     "Sendmail writes MIME parts anew after the signature where their headers look wrong to it",
     "A file name with a single quotation mark or parenthesis, a long parameter, a multipart "
     "without its end: header and body change, and the signature is broken."},
    {"sendmail.full-name", DOCTOR_PROBLEM,
     "Sendmail adds a From or Resent-From with a name that the client chose",
     "No filter is shown what Sendmail adds: in its name, which is the field Full-Name, a client "
     "can "
     "write any address."},
    {"sendmail.no-recipient", DOCTOR_PROBLEM,
     "Sendmail adds a To field after the signature where a message names no recipient",
     "To is signed as absent: with one added, the signature is broken, and where the field names "
     "the envelope's recipients, Bcc is no secret."},
    {"sendmail.own-fields", DOCTOR_PROBLEM,
     "Sendmail adds a Message-Id or a Date after the signature where a message has none",
     "No filter is shown what Sendmail adds, and both are signed as absent: the signatures are "
     "broken. The rules message_id and date add them before."},
    {"sendmail.simple-header", DOCTOR_PROBLEM,
     "Sendmail folds fields with addresses anew, and simple header canonicalization counts folds",
     "From, To and Cc are signed: with another fold in one of them the signature is broken. "
     "Relaxed passes over white space."},
    {"sendmail.mailer-flags", DOCTOR_PROBLEM, "a mailer's flags change mail after the signature",
     "What they change is signed: the signature is broken."},
    {"sendmail.eight-bit", DOCTOR_ADVICE,
     "Sendmail converts 8-bit mail after the signature where the next server lacks 8BITMIME",
     "The body is signed: converted to quoted-printable or base64, the signature is broken."},
    {"sendmail.line-length", DOCTOR_PROBLEM,
     "Sendmail breaks lines that RFC 5321 allows, after the signature",
     "The body is signed: with another line end in it the signature is broken."},
    {"sendmail.other-signer", DOCTOR_PROBLEM, "another filter signs too",
     "Mail leaves with two sets of signatures; the one that signs first does not see what the "
     "other changes, and its signature breaks."},
    {"sendmail.filter-behind", DOCTOR_ADVICE, "a filter is asked after submilter",
     "What it changes in a message it changes after the signature, which is then broken."},
};

#define LONGEST 998 /* RFC 5321, 4.5.3.1.6, without CRLF */

/* Names that From may have, and that masquerading replaces. */
static const char *masqueraded(struct doctor *doctor, const struct sendmail_view *view,
                               const char *as)
{
    static const char *const classes[] = {"w", "M"};
    struct error ignored;
    struct texts words;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (!sendmail_cf_class(doctor->arena, &view->cf, classes[i], &words, &ignored))
            continue;
        for (size_t k = 0; k < words.count; k++)
            if (strchr(words.items[k], '.') && words.items[k][0] != '[' &&
                strncmp(words.items[k], "localhost.", 10) != 0 &&
                !bytes_equal_nocase(bytes_of(words.items[k]), bytes_of(as)))
                return words.items[k];
    }
    return NULL;
}

/* $j, as Sendmail itself sees it; "" where it does not say. */
static const char *own_name(struct doctor *doctor, const struct sendmail_view *view)
{
    struct bytes live;
    struct error ignored;
    const char *host = "";
    if (!view->has_mc ||
        !whole_file_read(doctor->arena, view->build.cf, (size_t)4 << 20, &live, &ignored) ||
        !sendmail_build_check(doctor->arena, &view->build, live, &host, &ignored))
        return "";
    return host;
}

static void look_at_senders(struct doctor *doctor, const struct sendmail_view *view)
{
    const char *as = sendmail_cf_macro(&view->cf, "M");
    const char *other = as && *as ? masqueraded(doctor, view, as) : NULL;
    if (as && *as && !other) {
        const char *host = own_name(doctor, view);
        if (strchr(host, '.') && !bytes_equal_nocase(bytes_of(host), bytes_of(as)))
            other = host;
    }
    if (other)
        doctor_find(doctor, "sendmail.masquerade", "MASQUERADE_AS",
                    mend_sentence(doctor,
                                  "have clients send as %s, put MASQUERADE_AS(`%s') into submit.mc "
                                  "for what programs of this host send, and take it out of %s",
                                  as, as, view->build.mc),
                    "mail from %s leaves as from %s", other, as);
    const struct sendmail_line *generics = sendmail_cf_map(&view->cf, "generics");
    if (generics)
        doctor_find(doctor, "sendmail.genericstable", generics->value,
                    mend_sentence(doctor,
                                  "have clients send with the address that is to be seen, and take "
                                  "FEATURE(`genericstable') out of %s",
                                  view->build.mc),
                    "it is in use");
}

static void look_at_mailers(struct doctor *doctor, const struct sendmail_view *view)
{
    const struct sendmail_mailer *esmtp = sendmail_cf_mailer(&view->cf, "esmtp");
    const struct sendmail_mailer *relay = sendmail_cf_mailer(&view->cf, "relay");
    if (sendmail_cf_expands_names(&view->cf))
        doctor_find(
            doctor, "sendmail.host-names", "DontExpandCnames",
            sendmail_view_add(doctor, view, "define(`confDONT_EXPAND_CNAMES', `True')dnl\n"),
            "neither DontExpandCnames nor FEATURE(`nocanonify') is set");
    if (esmtp && !strchr(esmtp->flags, '8'))
        doctor_find(doctor, "sendmail.eight-bit", "the mailer esmtp",
                    sendmail_view_add(doctor, view,
                                      "MODIFY_MAILER_FLAGS(`SMTP', `+8')dnl\n"
                                      "MODIFY_MAILER_FLAGS(`ESMTP', `+8')dnl\n"
                                      "MODIFY_MAILER_FLAGS(`DSMTP', `+8')dnl\n"),
                    "F=%s has no 8", esmtp->flags);
    if ((esmtp && esmtp->line_max && esmtp->line_max < LONGEST) ||
        (relay && relay->line_max && relay->line_max < LONGEST))
        doctor_find(doctor, "sendmail.line-length", "the mailers esmtp and relay",
                    sendmail_view_add(doctor, view,
                                      "define(`SMTP_MAILER_LL', `0')dnl\n"
                                      "define(`RELAY_MAILER_LL', `0')dnl\n"),
                    "L=%d: lines of up to %d bytes are allowed",
                    (int)(esmtp && esmtp->line_max ? esmtp->line_max : relay->line_max), LONGEST);
}

static void look_at_options(struct doctor *doctor, const struct sendmail_view *view)
{
    const char *limits = sendmail_cf_option(&view->cf, "MaxMimeHeaderLength");
    const char *missing = sendmail_cf_option(&view->cf, "NoRecipientAction");
    if (sendmail_cf_mends_mime(&view->cf))
        doctor_find(
            doctor, "sendmail.mime-headers", "MaxMimeHeaderLength",
            sendmail_view_add(doctor, view, "define(`confMAX_MIME_HEADER_LENGTH', `0')dnl\n"),
            "%s: only 0 switches it off", limits ? limits : "not set, which is 2048/1024");
    if (view->cf.takes_full_name)
        doctor_find(doctor, "sendmail.full-name", "the H lines of From and Resent-From",
                    sendmail_view_add(doctor, view, "define(`confFROM_HEADER', `<$g>')dnl\n"),
                    "$x stands in them");
    if (missing &&
        (strcasecmp(missing, "add-to") == 0 || strcasecmp(missing, "add-to-undisclosed") == 0))
        doctor_find(doctor, "sendmail.no-recipient", "NoRecipientAction",
                    sendmail_view_add(doctor, view, "define(`confNO_RCPT_ACTION', `none')dnl\n"),
                    "%s", missing);
}

static void look_at_flags(struct doctor *doctor, const struct sendmail_view *view)
{
    static const char *const mailers[] = {"smtp", "esmtp", "smtp8", "dsmtp", "relay"};
    static const struct {
        char letter;
        const char *what;
    } changing[] = {
        {'7', "8-bit text is encoded"},
        {'9', "quoted-printable and base64 are decoded"},
        {'c', "comments are taken out of addresses, and names with them"},
        {'E', "lines that begin with From get a > before them"},
        {'L', "lines over 990 bytes are broken"},
    };
    for (size_t i = 0; i < sizeof mailers / sizeof *mailers; i++) {
        const struct sendmail_mailer *mailer = sendmail_cf_mailer(&view->cf, mailers[i]);
        const char *where = arena_printf(doctor->arena, "the mailer %s", mailers[i]);
        for (size_t k = 0; mailer && where && k < sizeof changing / sizeof *changing; k++)
            if (strchr(mailer->flags, changing[k].letter))
                doctor_find(doctor, "sendmail.mailer-flags", where,
                            mend_sentence(doctor,
                                          "take the %c out of the MODIFY_MAILER_FLAGS or "
                                          "..._MAILER_FLAGS in %s that puts it in, and make the "
                                          ".cf anew",
                                          changing[k].letter, view->build.mc),
                            "F=%s has %c: %s", mailer->flags, changing[k].letter, changing[k].what);
    }
}

static void look_at_own_fields(struct doctor *doctor)
{
    static const char *const policies[] = {"submission", "local"};
    static const enum rule_id adding[] = {RULE_message_id, RULE_date};
    for (size_t i = 0; doctor->settings && i < sizeof policies / sizeof *policies; i++) {
        const struct policy *policy =
            settings_policy(doctor->settings, policies[i], (struct bytes){NULL, 0});
        bool signs = policy && policy->settings[RULE_dkim]->mode == MODE_ENFORCE;
        for (size_t k = 0; signs && k < sizeof adding / sizeof *adding; k++) {
            const char *rule = rules[adding[k]]->name;
            if (policy->settings[adding[k]]->mode == MODE_ENFORCE)
                continue;
            doctor_find(doctor, "sendmail.own-fields", policies[i],
                        mend_sentence(doctor,
                                      "take the mode of %s in policies: { %s: { ... } } out of %s "
                                      "and its conf.d, and reload",
                                      rule, policies[i], doctor->config),
                        "%s is %s there, and dkim signs", rule,
                        policy->settings[adding[k]]->mode == MODE_OFF ? "off" : "only observed");
        }
    }
}

static void look_at_canonicalization(struct doctor *doctor)
{
    const struct settings *settings = doctor->settings;
    if (settings && settings->dkim.header_canonicalization == 1 && settings_signs(settings))
        doctor_find(doctor, "sendmail.simple-header", "dkim.canonicalization",
                    mend_sentence(doctor,
                                  "take dkim.canonicalization out of %s and its conf.d, or set it "
                                  "to \"relaxed/%s\", and reload",
                                  doctor->config,
                                  settings->dkim.body_canonicalization == 1 ? "simple" : "relaxed"),
                    "it is \"simple/%s\"",
                    settings->dkim.body_canonicalization == 1 ? "simple" : "relaxed");
}

/* By its name: nobody can ask it. */
static bool may_sign(const struct sendmail_filter *filter)
{
    static const char *const words[] = {"opendkim",  "dkim-filter", "dkim-milter",
                                        "dkimproxy", "rspamd",      "dkimpy"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct bytes word = bytes_of(words[i]);
        struct bytes name = bytes_of(filter->name);
        struct bytes endpoint = bytes_of(filter->endpoint);
        if (bytes_find_nocase(name, word) < name.len ||
            bytes_find_nocase(endpoint, word) < endpoint.len)
            return true;
    }
    return false;
}

static void look_at_filters(struct doctor *doctor, const struct sendmail_view *view)
{
    const struct sendmail_daemon common = {.own_filters = false};
    struct opendkim opendkim;
    struct texts names;
    bool behind = false;
    if (doctor->settings && !settings_signs(doctor->settings))
        return; /* who signs stands behind us then, and there is no signature of ours to break */
    if (!sendmail_cf_filters_of(doctor->arena, &view->cf, &common, &names))
        return;
    for (size_t i = 0; i < names.count; i++) {
        const struct sendmail_filter *filter = sendmail_cf_filter(&view->cf, names.items[i]);
        if (!filter)
            continue;
        if (filter == view->ours) {
            behind = true;
            continue;
        }
        bool is_opendkim = opendkim_read(doctor, &opendkim) &&
                           sendmail_cf_same_place(filter->endpoint, opendkim.socket);
        if (is_opendkim && opendkim.signs)
            doctor_find(doctor, "sendmail.other-signer", filter->name, opendkim_mend(doctor),
                        "OpenDKIM at %s has the Mode %s, and a key: it signs. It may go on "
                        "verifying",
                        filter->endpoint, opendkim.mode);
        else if (!is_opendkim && may_sign(filter))
            doctor_find(
                doctor, "sendmail.other-signer", filter->name,
                mend_sentence(doctor,
                              "let it verify only (OpenDKIM: Mode v), or take it out of %s; "
                              "or let it sign, behind submilter, and set mode = \"off\" for "
                              "the rule dkim in policies of %s",
                              view->build.mc, doctor->config),
                "%s", filter->endpoint);
        else if (behind)
            doctor_find(doctor, "sendmail.filter-behind", filter->name,
                        mend_sentence(doctor,
                                      "put submilter's line behind that of %s in %s, and make the "
                                      ".cf anew",
                                      filter->name, view->build.mc),
                        "InputMailFilters has %s behind %s", filter->name, view->ours->name);
    }
}

static void look(struct doctor *doctor)
{
    struct sendmail_view view;
    if (!sendmail_view_open(doctor, &view))
        return; /* "coverage" says so */
    look_at_senders(doctor, &view);
    look_at_options(doctor, &view);
    look_at_own_fields(doctor);
    look_at_canonicalization(doctor);
    look_at_mailers(doctor, &view);
    look_at_flags(doctor, &view);
    look_at_filters(doctor, &view);
}

const struct doctor_check doctor_check_sendmail_rewriting = {
    .theme = "rewriting",
    .mta = DOCTOR_SENDMAIL,
    .looks_at = "what Sendmail and other filters change after the signature, and who else signs",
    DOCTOR_KINDS(kinds),
    .look = look,
};
