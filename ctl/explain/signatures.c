/* Signatures in words. */
#include "ctl/explain/signatures.h"

#include "ctl/explain/value.h"
#include "ctl/explain/verdicts.h"

static bool left(const json_t *record)
{
    return !value_is(record, "action", "tempfail") && !value_is(record, "action", "reject");
}

/* While it is only observed nothing is signed, whatever it found. */
static void print_observed(const json_t *record, const json_t *verdict, FILE *out)
{
    fputs("the rule dkim only observes in policy ", out);
    value_print(out, value_text(record, "policy"));
    if (verdicts_would(verdict) || value_is(verdict, "reason", "unsigned"))
        fputs(", and there is no key for its domain", out);
}

static void print_why_not(const json_t *record, FILE *out)
{
    const json_t *verdict = verdicts_of(record, "dkim");
    fputs("  none: ", out);
    if (!left(record))
        fputs("the message did not leave", out);
    else if (value_text(record, "not_signed").len)
        value_print(out, value_text(record, "not_signed"));
    else if (!verdict)
        fputs("the rule dkim is off for this policy", out);
    else if (value_is(verdict, "reason", "not-ours"))
        fputs("its From is not in one of our domains", out);
    else if (value_is(verdict, "mode", "observe"))
        print_observed(record, verdict, out);
    else if (verdicts_would(verdict) || value_is(verdict, "reason", "unsigned"))
        fputs("there is no key for its domain", out);
    else
        fputs("the record does not say why", out);
    fputc('\n', out);
}

static void print_signature(const json_t *signature, FILE *out)
{
    static const char *const tags[] = {"d", "s", "a"};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        fprintf(out, "%s%s=", i ? " " : "  ", tags[i]);
        value_print(out, value_text(signature, tags[i]));
    }
    fputc('\n', out);
}

void signatures_print(const json_t *record, FILE *out)
{
    const json_t *signatures = json_object_get(record, "signatures");
    const json_t *names = json_object_get(record, "unsigned");
    fputs("\nSignatures:\n", out);
    for (size_t i = 0; i < json_array_size(signatures); i++)
        print_signature(json_array_get(signatures, i), out);
    if (!json_array_size(signatures))
        print_why_not(record, out);
    for (size_t i = 0; i < json_array_size(names); i++) {
        fputs(i ? ", " : "  they leave out: ", out);
        value_print(out, value_of(json_array_get(names, i)));
    }
    fputs(json_array_size(names) ? "\n" : "", out);
}
