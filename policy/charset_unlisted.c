/* EBCDIC, by its names and numbers, escapes, and UTF-16 by other names. No mail program writes any
 * of them; Python, Java and glibc's iconv decode them. */
#include "policy/charset_unlisted.h"

#include <string.h>

#include "policy/charset_names.h"

/* IBM's numbers of EBCDIC code pages. */
static const unsigned short pages[] = {
    37,   38,   256,  273,  274,  275,  277,  278,  280,  281,  282,  284,  285,  290,   297,  420,
    423,  424,  500,  803,  833,  836,  838,  870,  871,  875,  880,  905,  918,  924,   930,  933,
    935,  937,  939,  1025, 1026, 1047, 1070, 1079, 1081, 1084, 1097, 1112, 1122, 1123,  1130, 1132,
    1137, 1140, 1141, 1142, 1143, 1144, 1145, 1146, 1147, 1148, 1149, 1153, 1154, 1155,  1156, 1157,
    1158, 1160, 1164, 1166, 1364, 1371, 1388, 1390, 1399, 4517, 4899, 4971, 9030, 12712, 16804};

static bool is_ebcdic(const char *name)
{
    static const char *const before[] = {"cp", "ibm", "csibm", "xibm", "ccsid"};
    if (strstr(name, "ebcdic") || strncmp(name, "osf1002", 7) == 0 || strcmp(name, "500v1") == 0)
        return true;
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        if (strncmp(name, before[i], strlen(before[i])) == 0) {
            name += strlen(before[i]);
            break;
        }
    unsigned number = 0;
    for (; *name >= '0' && *name <= '9' && number < 100000; name++)
        number = number * 10 + (unsigned)(*name - '0');
    for (size_t i = 0; !*name && i < sizeof pages / sizeof *pages; i++)
        if (pages[i] == number)
            return true;
    return false;
}

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

#define IS_ONE_OF(name, names) is_one_of(name, names, sizeof(names) / sizeof *(names))

static bool is_escaped(const char *name)
{
    static const char *const names[] = {"unicodeescape", "rawunicodeescape", "java", "c99"};
    return IS_ONE_OF(name, names);
}

/* What PHP's mbstring and Python decode once more, by rules of its own: any text may hold a break.
 */
static bool is_no_charset(const char *name)
{
    static const char *const names[] = {"base64",   "html",   "htmlentities",    "htmlent",
                                        "uuencode", "qprint", "quotedprintable", "punycode"};
    return IS_ONE_OF(name, names);
}

/* Of UTF-32 a line break has NULs, which are seen anyhow. */
static bool is_utf16(const char *name)
{
    static const char *const names[] = {"ucs2",          "unicode",
                                        "unicodebig",    "unicodebigunmarked",
                                        "unicodelittle", "unicodelittleunmarked"};
    return strstr(name, "utf16") || IS_ONE_OF(name, names);
}

static bool has_any(struct bytes text, const char *set)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] && strchr(set, text.data[i]))
            return true;
    return false;
}

bool charset_unlisted_breaks(struct bytes name, struct bytes text)
{
    char reduced[CHARSET_LONGEST_NAME + 1];
    charset_reduce_name(name, reduced);
    if (is_no_charset(reduced))
        return text.len > 0;
    if (is_ebcdic(reduced))
        return has_any(text, "\x0b\x0c\x0d\x15\x1c\x1d\x1e\x25");
    if (is_utf16(reduced))
        return charset_pairs_break(text);
    if (strcmp(reduced, "utf7imap") == 0)
        return has_any(text, "&");
    if (strcmp(reduced, "isiri3342") == 0)
        return has_any(text, "\x8a\x8b\x8c\x8d");
    return is_escaped(reduced) && has_any(text, "\\");
}
