/* Names of charsets, and what iconv calls them. */
#include "policy/charset_names.h"

#include <string.h>

#define UTF_8 129 /* where it stands below */

/* Sorted. Not here on purpose: ISO-2022-CN-EXT, whose converter wrote past its buffer
 * (CVE-2024-2961), and others that no browser decodes either. */
static const struct charset charsets[] = {
    {"ansi_x3.4-1968", "ASCII", CHARSET_ASCII},
    {"ascii", "ASCII", CHARSET_ASCII},
    {"big5", "CP950", CHARSET_ICONV},
    {"big5-hkscs", "BIG5-HKSCS", CHARSET_ICONV},
    {"cn-big5", "CP950", CHARSET_ICONV},
    {"cp1250", "CP1250", CHARSET_ICONV},
    {"cp1251", "CP1251", CHARSET_ICONV},
    {"cp1252", "CP1252", CHARSET_ICONV},
    {"cp1253", "CP1253", CHARSET_ICONV},
    {"cp1254", "CP1254", CHARSET_ICONV},
    {"cp1255", "CP1255", CHARSET_ICONV},
    {"cp1256", "CP1256", CHARSET_ICONV},
    {"cp1257", "CP1257", CHARSET_ICONV},
    {"cp1258", "CP1258", CHARSET_ICONV},
    {"cp437", "CP437", CHARSET_ICONV},
    {"cp50220", "ISO-2022-JP-3", CHARSET_ICONV},
    {"cp50221", "ISO-2022-JP-3", CHARSET_ICONV},
    {"cp65000", "UTF-7", CHARSET_ODD},
    {"cp850", "CP850", CHARSET_ICONV},
    {"cp852", "CP852", CHARSET_ICONV},
    {"cp866", "CP866", CHARSET_ICONV},
    {"cp874", "CP874", CHARSET_ICONV},
    {"cp932", "CP932", CHARSET_ICONV},
    {"cp936", "GB18030", CHARSET_ICONV},
    {"cp949", "CP949", CHARSET_ICONV},
    {"cp950", "CP950", CHARSET_ICONV},
    {"csutf7", "UTF-7", CHARSET_ODD},
    {"euc-jp", "EUC-JP", CHARSET_ICONV},
    {"euc-kr", "CP949", CHARSET_ICONV},
    {"gb18030", "GB18030", CHARSET_ICONV},
    {"gb2312", "GB18030", CHARSET_ICONV},
    {"gb_2312-80", "GB18030", CHARSET_ICONV},
    {"gbk", "GB18030", CHARSET_ICONV},
    {"ibm437", "CP437", CHARSET_ICONV},
    {"ibm850", "CP850", CHARSET_ICONV},
    {"ibm852", "CP852", CHARSET_ICONV},
    {"ibm866", "CP866", CHARSET_ICONV},
    {"iso-10646-ucs-2", "UTF-16", CHARSET_ODD},
    {"iso-10646-ucs-4", "UTF-32", CHARSET_ODD},
    {"iso-2022-jp", "ISO-2022-JP-2", CHARSET_ICONV},
    {"iso-2022-jp-1", "ISO-2022-JP-2", CHARSET_ICONV},
    {"iso-2022-jp-2", "ISO-2022-JP-2", CHARSET_ICONV},
    {"iso-2022-jp-ms", "ISO-2022-JP-3", CHARSET_ICONV},
    {"iso-8859-1", "CP1252", CHARSET_ICONV},
    {"iso-8859-10", "ISO-8859-10", CHARSET_ISO_8859},
    {"iso-8859-11", "CP874", CHARSET_ICONV},
    {"iso-8859-13", "ISO-8859-13", CHARSET_ISO_8859},
    {"iso-8859-14", "ISO-8859-14", CHARSET_ISO_8859},
    {"iso-8859-15", "ISO-8859-15", CHARSET_ISO_8859},
    {"iso-8859-16", "ISO-8859-16", CHARSET_ISO_8859},
    {"iso-8859-2", "ISO-8859-2", CHARSET_ISO_8859},
    {"iso-8859-3", "ISO-8859-3", CHARSET_ISO_8859},
    {"iso-8859-4", "ISO-8859-4", CHARSET_ISO_8859},
    {"iso-8859-5", "ISO-8859-5", CHARSET_ISO_8859},
    {"iso-8859-6", "ISO-8859-6", CHARSET_ISO_8859},
    {"iso-8859-7", "ISO-8859-7", CHARSET_ISO_8859},
    {"iso-8859-8", "ISO-8859-8", CHARSET_ISO_8859},
    {"iso-8859-8-e", "ISO-8859-8", CHARSET_ISO_8859},
    {"iso-8859-8-i", "ISO-8859-8", CHARSET_ISO_8859},
    {"iso-8859-9", "ISO-8859-9", CHARSET_ISO_8859},
    {"iso646-us", "ASCII", CHARSET_ASCII},
    {"iso8859-1", "CP1252", CHARSET_ICONV},
    {"iso8859-10", "ISO-8859-10", CHARSET_ISO_8859},
    {"iso8859-11", "CP874", CHARSET_ICONV},
    {"iso8859-13", "ISO-8859-13", CHARSET_ISO_8859},
    {"iso8859-14", "ISO-8859-14", CHARSET_ISO_8859},
    {"iso8859-15", "ISO-8859-15", CHARSET_ISO_8859},
    {"iso8859-16", "ISO-8859-16", CHARSET_ISO_8859},
    {"iso8859-2", "ISO-8859-2", CHARSET_ISO_8859},
    {"iso8859-3", "ISO-8859-3", CHARSET_ISO_8859},
    {"iso8859-4", "ISO-8859-4", CHARSET_ISO_8859},
    {"iso8859-5", "ISO-8859-5", CHARSET_ISO_8859},
    {"iso8859-6", "ISO-8859-6", CHARSET_ISO_8859},
    {"iso8859-7", "ISO-8859-7", CHARSET_ISO_8859},
    {"iso8859-8", "ISO-8859-8", CHARSET_ISO_8859},
    {"iso8859-9", "ISO-8859-9", CHARSET_ISO_8859},
    {"iso_8859-1", "CP1252", CHARSET_ICONV},
    {"iso_8859-10", "ISO-8859-10", CHARSET_ISO_8859},
    {"iso_8859-13", "ISO-8859-13", CHARSET_ISO_8859},
    {"iso_8859-14", "ISO-8859-14", CHARSET_ISO_8859},
    {"iso_8859-15", "ISO-8859-15", CHARSET_ISO_8859},
    {"iso_8859-16", "ISO-8859-16", CHARSET_ISO_8859},
    {"iso_8859-2", "ISO-8859-2", CHARSET_ISO_8859},
    {"iso_8859-3", "ISO-8859-3", CHARSET_ISO_8859},
    {"iso_8859-4", "ISO-8859-4", CHARSET_ISO_8859},
    {"iso_8859-5", "ISO-8859-5", CHARSET_ISO_8859},
    {"iso_8859-6", "ISO-8859-6", CHARSET_ISO_8859},
    {"iso_8859-7", "ISO-8859-7", CHARSET_ISO_8859},
    {"iso_8859-8", "ISO-8859-8", CHARSET_ISO_8859},
    {"iso_8859-9", "ISO-8859-9", CHARSET_ISO_8859},
    {"koi8-r", "KOI8-R", CHARSET_ICONV},
    {"koi8-u", "KOI8-U", CHARSET_ICONV},
    {"ks_c_5601-1987", "CP949", CHARSET_ICONV},
    {"ks_c_5601-1989", "CP949", CHARSET_ICONV},
    {"ksc5601", "CP949", CHARSET_ICONV},
    {"l1", "CP1252", CHARSET_ICONV},
    {"latin-1", "CP1252", CHARSET_ICONV},
    {"latin-9", "ISO-8859-15", CHARSET_ISO_8859},
    {"latin1", "CP1252", CHARSET_ICONV},
    {"latin10", "ISO-8859-16", CHARSET_ISO_8859},
    {"latin2", "ISO-8859-2", CHARSET_ISO_8859},
    {"latin3", "ISO-8859-3", CHARSET_ISO_8859},
    {"latin4", "ISO-8859-4", CHARSET_ISO_8859},
    {"latin5", "ISO-8859-9", CHARSET_ISO_8859},
    {"latin6", "ISO-8859-10", CHARSET_ISO_8859},
    {"latin7", "ISO-8859-13", CHARSET_ISO_8859},
    {"latin8", "ISO-8859-14", CHARSET_ISO_8859},
    {"latin9", "ISO-8859-15", CHARSET_ISO_8859},
    {"mac", "MACINTOSH", CHARSET_ICONV},
    {"macintosh", "MACINTOSH", CHARSET_ICONV},
    {"ms_kanji", "CP932", CHARSET_ICONV},
    {"shift-jis", "CP932", CHARSET_ICONV},
    {"shift_jis", "CP932", CHARSET_ICONV},
    {"sjis", "CP932", CHARSET_ICONV},
    {"tis-620", "CP874", CHARSET_ICONV},
    {"u7", "UTF-7", CHARSET_ODD},
    {"ucs-2", "UTF-16", CHARSET_ODD},
    {"ucs-4", "UTF-32", CHARSET_ODD},
    {"uhc", "CP949", CHARSET_ICONV},
    {"unicode-1-1-utf-7", "UTF-7", CHARSET_ODD},
    {"unicode-1-1-utf-8", "UTF-8", CHARSET_UTF8},
    {"us-ascii", "ASCII", CHARSET_ASCII},
    {"utf-16", "UTF-16", CHARSET_ODD},
    {"utf-16be", "UTF-16BE", CHARSET_ODD},
    {"utf-16le", "UTF-16LE", CHARSET_ODD},
    {"utf-32", "UTF-32", CHARSET_ODD},
    {"utf-32be", "UTF-32BE", CHARSET_ODD},
    {"utf-32le", "UTF-32LE", CHARSET_ODD},
    {"utf-7", "UTF-7", CHARSET_ODD},
    [UTF_8] = {"utf-8", "UTF-8", CHARSET_UTF8},
    {"utf16", "UTF-16", CHARSET_ODD},
    {"utf32", "UTF-32", CHARSET_ODD},
    {"utf7", "UTF-7", CHARSET_ODD},
    {"utf8", "UTF-8", CHARSET_UTF8},
    {"utf_7", "UTF-7", CHARSET_ODD},
    {"windows-1250", "CP1250", CHARSET_ICONV},
    {"windows-1251", "CP1251", CHARSET_ICONV},
    {"windows-1252", "CP1252", CHARSET_ICONV},
    {"windows-1253", "CP1253", CHARSET_ICONV},
    {"windows-1254", "CP1254", CHARSET_ICONV},
    {"windows-1255", "CP1255", CHARSET_ICONV},
    {"windows-1256", "CP1256", CHARSET_ICONV},
    {"windows-1257", "CP1257", CHARSET_ICONV},
    {"windows-1258", "CP1258", CHARSET_ICONV},
    {"windows-31j", "CP932", CHARSET_ICONV},
    {"windows-874", "CP874", CHARSET_ICONV},
    {"windows-949", "CP949", CHARSET_ICONV},
    {"x-euc-jp", "EUC-JP", CHARSET_ICONV},
    {"x-gbk", "GB18030", CHARSET_ICONV},
    {"x-mac-roman", "MACINTOSH", CHARSET_ICONV},
    {"x-sjis", "CP932", CHARSET_ICONV},
    {"x-unicode-1-1-utf-7", "UTF-7", CHARSET_ODD},
    {"x-x-big5", "CP950", CHARSET_ICONV},
};

_Static_assert(sizeof charsets / sizeof *charsets == CHARSET_NAMES, "count them anew");

size_t charset_index(const struct charset *charset)
{
    return (size_t)(charset - charsets);
}

const struct charset *charset_at(size_t index)
{
    return &charsets[index];
}

void charset_reduce_name(struct bytes name, char *ret_reduced)
{
    size_t len = 0;
    for (size_t i = 0; i < name.len && len < CHARSET_LONGEST_NAME; i++) {
        char byte = bytes_lower(name.data[i]);
        if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'))
            ret_reduced[len++] = byte;
    }
    ret_reduced[len] = '\0';
}

static const struct charset *find_exactly(struct bytes name)
{
    char lower[CHARSET_LONGEST_NAME + 1] = "";
    size_t low = 0;
    size_t high = CHARSET_NAMES;
    if (name.len > CHARSET_LONGEST_NAME || bytes_find(name, '\0') < name.len)
        return NULL;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = bytes_lower(name.data[i]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(lower, charsets[middle].name);
        if (order == 0)
            return &charsets[middle];
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Python reads "utf+7" and "UTF 16_LE" as these, and glibc's iconv "utf-7//". */
static const struct charset *find_odd(struct bytes name)
{
    static const struct {
        const char *reduced;
        struct bytes name;
    } odd[] = {
        {"utf7", BYTES("utf-7")},           {"unicode11utf7", BYTES("utf-7")},
        {"xunicode11utf7", BYTES("utf-7")}, {"csutf7", BYTES("utf-7")},
        {"cp65000", BYTES("utf-7")},        {"u7", BYTES("utf-7")},
        {"utf16", BYTES("utf-16")},         {"u16", BYTES("utf-16")},
        {"utf16be", BYTES("utf-16be")},     {"utf16le", BYTES("utf-16le")},
        {"utf32", BYTES("utf-32")},         {"u32", BYTES("utf-32")},
        {"utf32be", BYTES("utf-32be")},     {"utf32le", BYTES("utf-32le")},
    };
    char reduced[CHARSET_LONGEST_NAME + 1];
    charset_reduce_name(name, reduced);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (strcmp(reduced, odd[i].reduced) == 0)
            return find_exactly(odd[i].name);
    return NULL;
}

const struct charset *charset_find(struct bytes name)
{
    const struct charset *charset = find_exactly(name);
    return charset ? charset : find_odd(name);
}

const struct charset *charset_utf8(void)
{
    return &charsets[UTF_8];
}
