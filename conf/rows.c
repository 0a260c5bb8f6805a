/* The rows of every key that is not a rule's. */
#include "conf/checks.h"
#include "conf/schema.h"

#define MAX_ITEMS 100000

const struct option_row top_rows[] = {
    {.name = "domains",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct top_settings, domains),
     .default_value = "[ ]",
     .max = MAX_ITEMS,
     .check = check_domain,
     .help = "The domains that we send as and sign for; without any, nothing is signed and a login "
             "without a domain owns no address."},
    {.name = "authserv_ids",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct top_settings, authserv_ids),
     .default_value = "[ ]",
     .max = 1000,
     .check = check_word,
     .help = "The names under which only our own servers may write Authentication-Results."},
    {.name = "socket",
     .type = OPTION_TEXT,
     .offset = offsetof(struct top_settings, socket),
     .default_value = "\"unix:/var/spool/postfix/submilter/submilter.sock\"",
     .check = check_socket,
     .help = "Where the MTA finds us: unix:/PATH, inet:PORT@ADDRESS, inet6:PORT@ADDRESS, or fd:N "
             "for a socket that was handed over."},
    {.name = "socket_mode",
     .type = OPTION_TEXT,
     .offset = offsetof(struct top_settings, socket_mode),
     .default_value = "\"0660\"",
     .check = check_mode,
     .help = "The mode of a unix socket."},
    {.name = "socket_group",
     .type = OPTION_TEXT,
     .offset = offsetof(struct top_settings, socket_group),
     .default_value = "\"postfix\"",
     .help = "The group of a unix socket; \"\" leaves it as it is."},
    {.name = "user",
     .type = OPTION_TEXT,
     .offset = offsetof(struct top_settings, user),
     .default_value = "\"submilter\"",
     .help = "The user that the daemon becomes when it is started as root; \"\" lets it stay what "
             "it is."},
    {.name = "pid_file",
     .type = OPTION_TEXT,
     .offset = offsetof(struct top_settings, pid_file),
     .check = check_absolute_path,
     .help = "A file that the daemon's process id is written to."},
    {.name = "core_dumps",
     .type = OPTION_BOOL,
     .offset = offsetof(struct top_settings, core_dumps),
     .default_value = "false",
     .help = "Whether a crash may leave a core file, and debuggers of the same user may look in: "
             "the keys would be in both."},
    {.name = "timeout",
     .type = OPTION_DURATION,
     .offset = offsetof(struct top_settings, timeout),
     .default_value = "\"1h\"",
     .min = 10,
     .max = 86400,
     .help = "How long an MTA that says nothing is waited for."},
    {.name = "expectations",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct top_settings, expectations),
     .default_value = "[ ]",
     .max = 100,
     .check = check_absolute_path,
     .help = "Files of what has to become of mail, like \"/etc/submilter/expectations\": a start "
             "or reload under which one of these no longer holds is refused; see "
             "submilter-expectations(5)."},
    {0}};

const struct option_row senders_rows[] = {
    {.name = "tables",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct senders_settings, tables),
     .default_value = "[ ]",
     .max = 100,
     .check = check_table,
     .help = "Tables from address to the logins that may use it, asked in this order, like "
             "\"texthash:/etc/submilter/senders\"; without any, a login owns the address that it "
             "equals, and a bare login owns login@ each of our domains."},
    {.name = "extensions",
     .type = OPTION_BOOL,
     .offset = offsetof(struct senders_settings, extensions),
     .default_value = "true",
     .help = "Whether alice+lists@example.com belongs to whoever owns alice@example.com."},
    {.name = "recipient_delimiter",
     .type = OPTION_TEXT,
     .offset = offsetof(struct senders_settings, recipient_delimiter),
     .default_value = "\"+\"",
     .check = check_delimiter,
     .help = "The characters that an extension may begin with, as Postfix has them."},
    {.name = "case_sensitive_local",
     .type = OPTION_BOOL,
     .offset = offsetof(struct senders_settings, case_sensitive_local),
     .default_value = "false",
     .help = "Whether Alice@ and alice@ are two addresses."},
    {0}};

static const char *const canonicalizations[] = {"relaxed/relaxed", "relaxed/simple",
                                                "simple/relaxed", "simple/simple", NULL};

const struct option_row dkim_rows[] = {
    {.name = "keys",
     .type = OPTION_TEXT,
     .offset = offsetof(struct dkim_settings, keys),
     .default_value = "\"/etc/submilter/keys\"",
     .check = check_absolute_path,
     .help =
         "The folder of the signing keys: DOMAIN/SELECTOR.pem in it; all keys of a domain sign."},
    {.name = "parents",
     .type = OPTION_BOOL,
     .offset = offsetof(struct dkim_settings, parents),
     .default_value = "false",
     .help = "Whether a domain without keys is signed for with those of its parent domain."},
    /* The pair stands in the first member until settings.c takes it apart. */
    {.name = "canonicalization",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct dkim_settings, header_canonicalization),
     .default_value = "\"relaxed/relaxed\"",
     .choices = canonicalizations,
     .help = "How header and body are made canonical before they are signed. With Sendmail the "
             "header has to be relaxed: Sendmail folds fields with addresses anew."},
    {.name = "sign_fields",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct dkim_settings, sign_fields),
     .default_value =
         "[ \"From\", \"Sender\", \"Reply-To\", \"Subject\", \"Date\", \"Message-ID\", "
         "\"To\", \"Cc\", \"In-Reply-To\", \"References\", \"MIME-Version\", "
         "\"Content-Type\", \"Content-Transfer-Encoding\", \"Content-Disposition\", "
         "\"Content-ID\", \"Content-Description\", \"Content-Language\", \"Resent-From\", "
         "\"Resent-Sender\", \"Resent-To\", \"Resent-Cc\", \"Resent-Date\", "
         "\"Resent-Message-ID\", \"List-Id\", \"List-Help\", \"List-Unsubscribe\", "
         "\"List-Unsubscribe-Post\", \"List-Subscribe\", \"List-Post\", \"List-Owner\", "
         "\"List-Archive\", \"Auto-Submitted\", \"Autocrypt\", "
         "\"Disposition-Notification-To\", \"Feedback-ID\", \"Importance\", "
         "\"Organization\", \"Precedence\", \"Priority\", \"Thread-Index\", "
         "\"Thread-Topic\", \"X-Priority\" ]",
     .max = 200,
     .check = check_field_name,
     .help = "The header fields that are signed where they are there."},
    {.name = "oversign_fields",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct dkim_settings, oversign_fields),
     .default_value =
         "[ \"From\", \"Sender\", \"Reply-To\", \"Subject\", \"Date\", \"Message-ID\", "
         "\"To\", \"Cc\", \"In-Reply-To\", \"References\", \"MIME-Version\", "
         "\"Content-Type\", \"Content-Transfer-Encoding\", \"Content-Disposition\", "
         "\"Content-ID\" ]",
     .max = 200,
     .check = check_field_name,
     .help = "The header fields that are signed once more than they are there, so that nobody can "
             "add one without breaking the signature."},
    {.name = "expire",
     .type = OPTION_DURATION,
     .offset = offsetof(struct dkim_settings, expire),
     .default_value = "0",
     .max = (int64_t)10 * 365 * 86400,
     .help = "How long a signature is good for (x=); 0 sets no end."},
    {0}};

static const char *const on_error_words[] = {"tempfail", "continue", NULL};
static const char *const capture_words[] = {"none", "headers", NULL};

const struct option_row log_rows[] = {
    {.name = "syslog",
     .type = OPTION_BOOL,
     .offset = offsetof(struct log_settings, syslog),
     .default_value = "true",
     .help = "Whether a line a message is written to syslog, facility mail."},
    {.name = "json",
     .type = OPTION_TEXT,
     .offset = offsetof(struct log_settings, json),
     .default_value = "\"/var/log/submilter/decisions.jsonl\"",
     .check = check_path_or_none,
     .help = "The file that a JSON object a message is appended to; \"\" writes none."},
    {.name = "on_error",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct log_settings, on_error),
     .default_value = "\"continue\"",
     .choices = on_error_words,
     .help =
         "What happens to mail while the JSON file cannot be written: continue takes it (syslog "
         "says so), tempfail defers it."},
    {.name = "capture",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct log_settings, capture),
     .default_value = "\"none\"",
     .choices = capture_words,
     .help =
         "What of a message stands in its JSON record beside the names of its header fields and "
         "who it is from: none, or all of the header, Subject too, so that replay can ask "
         "every rule again."},
    {0}};

const struct option_row history_rows[] = {
    {.name = "file",
     .type = OPTION_TEXT,
     .offset = offsetof(struct history_settings, file),
     .default_value = "\"\"",
     .check = check_path_or_none,
     .help = "The SQLite database that each record is kept in, whether log.json is written or "
             "not; \"\" keeps none."},
    {.name = "keep",
     .type = OPTION_DURATION,
     .offset = offsetof(struct history_settings, keep),
     .default_value = "\"30d\"",
     .min = 60,
     .max = (int64_t)10 * 365 * 86400,
     .help = "How long a record is kept."},
    {.name = "max_size",
     .type = OPTION_SIZE,
     .offset = offsetof(struct history_settings, max_size),
     .default_value = "\"2G\"",
     .min = (int64_t)32 << 20, /* the journal's share among it */
     .max = (int64_t)1 << 40,
     .help = "How large the database may become; the oldest records go before it is larger."},
    {0}};

const struct option_row listener_rows[] = {
    {.name = "name",
     .type = OPTION_TEXT,
     .offset = offsetof(struct listener_settings, name),
     .check = check_word,
     .help = "How records call it."},
    {.name = "ports",
     .type = OPTION_NUMBERS,
     .offset = offsetof(struct listener_settings, ports),
     .default_value = "[ ]",
     .min = 1,
     .max = 65535,
     .help = "Server ports that it is for; without any, every port."},
    {.name = "clients",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct listener_settings, clients),
     .default_value = "[ ]",
     .max = 10000,
     .check = check_network,
     .help = "Client networks that it is for; without any, every client. sendmail(1) counts as "
             "127.0.0.1."},
    {.name = "daemon",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct listener_settings, daemons),
     .default_value = "[ ]",
     .max = 100,
     .check = check_word,
     .help = "Values of the MTA's {daemon_name} that it is for, like \"ORIGINATING\"; without any, "
             "every one."},
    {.name = "login",
     .type = OPTION_BOOL,
     .offset = offsetof(struct listener_settings, login),
     .help = "Whether it is only for sessions that have logged in (true) or have not (false)."},
    {.name = "policy",
     .type = OPTION_TEXT,
     .offset = offsetof(struct listener_settings, policy),
     .check = check_word,
     .help = "The policy that holds for it: submission, local, inbound, or one of your own."},
    {.name = "tls_terminator",
     .type = OPTION_TEXT,
     .offset = offsetof(struct listener_settings, tls_terminator),
     .check = check_word,
     .help =
         "The name of the trusted proxy in front of it that ends TLS; rule tls is then content."},
    {0}};

const struct option_row policy_rows[] = {
    {.name = "base",
     .type = OPTION_TEXT,
     .offset = offsetof(struct policy_settings, base),
     .help = "For a policy of your own: the built-in one (submission, local, inbound) that it "
             "differs from."},
    {0}};

const struct option_row group_rows[] = {
    {.name = "name",
     .type = OPTION_TEXT,
     .offset = offsetof(struct group_settings, name),
     .check = check_word,
     .help = "What the group is called."},
    {.name = "logins",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct group_settings, logins),
     .default_value = "[ ]",
     .max = MAX_ITEMS,
     .check = check_login,
     .help =
         "Its logins: \"alice@example.com\", \"scanner\", or all of a domain: \"@example.com\"."},
    {.name = "policies",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct group_settings, policies),
     .default_value = "[ ]",
     .max = 100,
     .check = check_word,
     .help = "The policies whose rules it overrides; without any, all."},
    {0}};
