/* Parameters of MIME fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/parameter.h"
#include "tests/unit/case_text.h"

/* shown: "VALUE" and then for each parameter " name[FLAGS]=TEXT", " !" behind for a malformed list.
 * Flags: p plain, x extended, r repeated, c contradictory, w words, o odd charset, m malformed, b
 * line break, n NUL. */
struct parse_case {
    const char *raw; /* with case_text's escapes */
    const char *shown;
};

static const struct parse_case cases[] = {
    {"", ""},
    {" text/plain", "text/plain"},
    {" text/plain; charset=utf-8", "text/plain charset[p]=utf-8"},
    {" Text/Plain;\\r\\n\\tCharSet=\"utf-8\"; format=flowed",
     "Text/Plain charset[p]=utf-8 format[p]=flowed"},
    {" text/plain;charset=utf-8;", "text/plain charset[p]=utf-8"},
    {" text/plain; charset = utf-8 ; ", "text/plain charset[p]=utf-8"},
    {" text/plain (a;b) ; (c) charset (d) = (e) utf-8 (f; \"g)", "text/plain charset[p]=utf-8"},
    {" text/(x)plain", "text/plain"},
    {" multipart/mixed; boundary=\"a;b\"", "multipart/mixed boundary[p]=a;b"},
    {" multipart/mixed; boundary=\"=_a b\\\\\"c\\\\\\\\\"",
     "multipart/mixed boundary[p]==_a b\"c\\"},
    {" multipart/mixed; boundary=----=_Part_1.2", "multipart/mixed boundary[p]=----=_Part_1.2"},
    {" attachment; filename=\"two\\r\\n lines.txt\"", "attachment filename[p]=two lines.txt"},
    {" attachment; filename=my report.pdf", "attachment filename[pm]=my report.pdf"},
    {" attachment; filename=", "attachment filename[p]="},
    {" attachment; filename=\"\"", "attachment filename[p]="},
    {" attachment; filename=\"=?utf-8?Q?Gr=C3=BC=C3=9Fe.txt?=\"",
     "attachment filename[pw]=Grüße.txt"},
    {" attachment; filename==?utf-8?Q?Gr=C3=BC=C3=9Fe.txt?=", "attachment filename[pw]=Grüße.txt"},
    {" attachment; filename=\"Grüße.txt\"", "attachment filename[p]=Grüße.txt"},
    /* RFC 2231 */
    {" attachment; filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt", "attachment filename[x]=Grüße.txt"},
    {" attachment; filename*=iso-8859-1'de'Gr%FC%DFe.txt", "attachment filename[x]=Grüße.txt"},
    {" attachment; filename*=''a.txt", "attachment filename[x]=a.txt"},
    {" attachment; filename*=a.txt", "attachment filename[xm]=a.txt"},
    {" attachment; filename*=UTF-8''100%.txt", "attachment filename[xm]=100%.txt"},
    {" attachment; filename*=UTF-8''a%4", "attachment filename[xm]=a%4"},
    {" attachment; filename*=x-unknown''a", "attachment filename[xo]=a"},
    {" attachment; filename*=utf-7''+AGE-", "attachment filename[xo]=a"},
    {" attachment; filename*0=\"a b\"; filename*1=\"c.txt\"", "attachment filename[p]=a bc.txt"},
    {" attachment; filename*1=c.txt; filename*0=ab", "attachment filename[p]=abc.txt"},
    {" attachment; filename*0*=UTF-8''Gr%C3; filename*1*=%BC; filename*2=\"%41.txt\"",
     "attachment filename[x]=Grü%41.txt"},
    {" attachment; filename*1=b", "attachment filename[pm]=b"},
    {" attachment; filename*0=a; filename*2=b", "attachment filename[pm]=ab"},
    {" attachment; FileName*0=a; filename*1=b", "attachment filename[p]=ab"},
    /* both, as clients send them */
    {" attachment; filename=\"Gr??e.txt\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt",
     "attachment filename[px]=Grüße.txt"},
    {" attachment; filename=\"Gruesse.txt\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt",
     "attachment filename[px]=Grüße.txt"},
    {" attachment; filename=\"=?utf-8?Q?Gr=C3=BC=C3=9Fe.txt?=\"; "
     "filename*0*=UTF-8''Gr%C3%BC%C3%9Fe.txt",
     "attachment filename[pxw]=Grüße.txt"},
    {" attachment; filename=a.txt; filename*=UTF-8''a.txt", "attachment filename[px]=a.txt"},
    /* what readers read differently */
    {" attachment; filename=a.txt; filename*=UTF-8''a.exe", "attachment filename[pxc]=a.exe"},
    {" attachment; filename=gr.txt; filename*=UTF-8''gr%C3%BC.exe",
     "attachment filename[pxc]=grü.exe"},
    {" multipart/mixed; boundary=a; boundary=b", "multipart/mixed boundary[pr]=a"},
    {" multipart/mixed; boundary=a; BOUNDARY=a", "multipart/mixed boundary[pr]=a"},
    {" multipart/mixed; boundary=a; boundary*=''b", "multipart/mixed boundary[pxc]=b"},
    {" multipart/mixed; boundary=a; boundary*0=b", "multipart/mixed boundary[prc]=b"},
    {" multipart/mixed; boundary*=''a; boundary*0*=''b", "multipart/mixed boundary[xr]=a"},
    {" multipart/mixed; boundary*0=a; boundary*0=b", "multipart/mixed boundary[pr]=ab"},
    {" multipart/mixed; boundary*0=a; boundary*00=b", "multipart/mixed boundary[pr]=ab"},
    {" attachment; filename*=UTF-8''a%0D%0AX:b", "attachment filename[xb]=a\r\nX:b"},
    {" attachment; filename*0*=UTF-8''a%0; filename*1*=A", "attachment filename[xm]=a%0A"},
    {" attachment; filename*0*=UTF-8''a%C2; filename*1*=%85", "attachment filename[xb]=a\xC2\x85"},
    {" attachment; filename=\"=?utf-8?Q?a=0Ab?=\"", "attachment filename[pwb]=a\nb"},
    /* charsets that hide a line break from who does not know them */
    {" attachment; filename*=cp037''a%25b", "attachment filename[xob]=a%b"},
    {" attachment; filename*=cp037''ab", "attachment filename[xo]=ab"},
    {" attachment; filename*=x-unknown''a%25b", "attachment filename[xo]=a%b"},
    {" attachment; filename*=cp037%27%27a%25b", "attachment filename[xmb]=cp037''a%b"},
    {" attachment; filename*=%63p037''a%25b", "attachment filename[xob]=a%b"},
    {" attachment; filename*0*=cp037; filename*1*=''%25", "attachment filename[xmb]=cp037''%"},
    {" attachment; filename*0=\"cp037''\"; filename*1*=%25", "attachment filename[xb]=cp037''%"},
    {" attachment; filename*0=\"utf-7''\"; filename*1*=+AAo-",
     "attachment filename[xb]=utf-7''+AAo-"},
    {" attachment; filename*=utf-8''cp037%27%27%25", "attachment filename[x]=cp037''%"},
    {" attachment; filename*=unicode_escape''a%5Cnb", "attachment filename[xob]=a\\nb"},
    {" attachment; filename*0=\"it's o'clock\"; filename*1*=%20now",
     "attachment filename[x]=it's o'clock now"},
    /* broken ones */
    {" text/plain; charset", "text/plain !"},
    {" text/plain; charset; format=flowed", "text/plain format[p]=flowed !"},
    {" text/plain; =utf-8; format=flowed", "text/plain format[p]=flowed !"},
    {" text/plain; *0=a", "text/plain !"},
    {" text/plain; a*x=b", "text/plain !"},
    {" text/plain; a*0*x=b", "text/plain !"},
    {" text/plain; a*99999=b", "text/plain !"},
    {" text/plain; charset=\"utf-8", "text/plain charset[pm]=utf-8"},
    {" text/plain; charset=\"utf-8\\\\", "text/plain charset[pm]=utf-8\\"},
    {" text/plain; charset=\"utf-8\"x; a=b", "text/plain charset[p]=utf-8 a[p]=b !"},
    {" text/plain; (a; charset=b", "text/plain !"},
    {" text/plain (a; charset=b", "text/plain !"},
    {" text/plain; (a\\\\", "text/plain !"},
    {";;;", ""},
};

static void show(const struct parameter_list *list, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "%.*s", (int)list->value.len, list->value.data);
    for (size_t i = 0; i < list->count; i++) {
        const struct parameter *p = &list->parameters[i];
        used += (size_t)snprintf(
            out + used, size - used, " %.*s[%s%s%s%s%s%s%s%s%s]=%.*s", (int)p->name.len,
            p->name.data, p->plain ? "p" : "", p->extended ? "x" : "", p->repeated ? "r" : "",
            p->contradictory ? "c" : "", p->had_words ? "w" : "", p->odd_charset ? "o" : "",
            p->malformed ? "m" : "", p->has_line_break ? "b" : "", p->has_nul ? "n" : "",
            (int)p->text.len, p->text.len ? p->text.data : "");
    }
    snprintf(out + used, size - used, "%s", list->malformed ? " !" : "");
}

static void test_parse(void **state)
{
    (void)state;
    unsigned failures = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new(1 << 20);
        struct bytes raw = case_text_bytes(cases[i].raw);
        struct parameter_list list;
        char out[1024];
        assert_true(parameter_parse(arena, raw, &list));
        show(&list, out, sizeof out);
        if (strcmp(out, cases[i].shown)) {
            print_error("%s\n    expected %s\n    got      %s\n", cases[i].raw, cases[i].shown,
                        out);
            failures++;
        }
        free((void *)(uintptr_t)raw.data);
        arena_free(arena);
    }
    assert_int_equal(failures, 0);
}

static void test_find_and_nul(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct parameter_list list;
    assert_true(parameter_parse(arena, BYTES("text/plain; a=b; Name*=UTF-8''x%00y"), &list));
    const struct parameter *name = parameter_find(&list, BYTES("NAME"));
    assert_non_null(name);
    assert_true(name->has_nul && name->text.len == 3);
    assert_null(parameter_find(&list, BYTES("charset")));
    arena_free(arena);
}

static void test_many(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    char text[(PARAMETER_MAX + 1) * 8 + 2];
    size_t used = 0;
    struct parameter_list list;
    for (int i = 0; i <= PARAMETER_MAX; i++) {
        used += (size_t)sprintf(text + used, ";a%d=b", i);
        if (i == PARAMETER_MAX - 1) {
            assert_true(parameter_parse(arena, (struct bytes){text, used}, &list));
            assert_true(!list.too_many && list.count == PARAMETER_MAX);
        }
    }
    assert_true(parameter_parse(arena, (struct bytes){text, used}, &list));
    assert_true(list.too_many && list.count == PARAMETER_MAX);
    arena_free(arena);
}

static void check_memory(struct bytes text)
{
    bool enough = false;
    for (size_t ceiling = 0; ceiling < 64 * 1024 && !enough; ceiling += 16) {
        struct arena *arena = arena_new(ceiling);
        struct parameter_list list;
        enough = parameter_parse(arena, text, &list);
        assert_true(enough != arena_failed(arena));
        arena_free(arena);
    }
    assert_true(enough);
}

static void test_memory(void **state)
{
    (void)state;
    check_memory(BYTES("a; b=\"=?iso-8859-2?Q?=A3?=\"; b*0*=iso-8859-2''%A3; c=d"));
    check_memory(BYTES("a; b*0=\"iso-8859-2''\"; b*1*=%A3"));
    check_memory(BYTES("a; b*=utf-7''%41; b*=utf-7''%42"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_find_and_nul),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
