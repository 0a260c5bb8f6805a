/* Scanning a body's line ends: whole clean lines are skipped by memchr, all else goes byte by byte.
 */
#include "policy/body.h"

#include <string.h>

static void measure(int64_t length, struct facts_body *facts)
{
    if (length > facts->longest_line)
        facts->longest_line = length;
}

static void end_line(struct body_scan *scan, bool bare, struct facts_body *facts)
{
    measure(scan->line_length, facts);
    scan->line_length = 0;
    if (scan->line == BODY_LINE_DOT && (bare || scan->bare_begin))
        facts->has_early_end = true;
    scan->bare_begin = bare;
    scan->line = BODY_LINE_EMPTY;
}

static void read_byte(struct body_scan *scan, char byte, struct facts_body *facts)
{
    if (scan->after_cr) {
        scan->after_cr = false;
        if (byte == '\n') {
            /* CR CR LF is no clean line end either */
            end_line(scan, scan->line == BODY_LINE_EMPTY && scan->bare_begin, facts);
            return;
        }
        facts->has_bare_cr = true;
        end_line(scan, true, facts);
    }
    if (byte == '\r') {
        scan->after_cr = true;
    } else if (byte == '\n') {
        facts->has_bare_lf = true;
        end_line(scan, true, facts);
    } else {
        scan->line_length++;
        scan->line = byte == '.' && scan->line == BODY_LINE_EMPTY ? BODY_LINE_DOT : BODY_LINE_OTHER;
    }
}

static void read_slowly(struct body_scan *scan, const char *from, const char *to,
                        struct facts_body *facts)
{
    for (; from < to; from++)
        read_byte(scan, *from, facts);
}

static bool at_clean_line_start(const struct body_scan *scan)
{
    return !scan->after_cr && !scan->bare_begin && scan->line == BODY_LINE_EMPTY;
}

void body_scan_chunk(struct body_scan *scan, struct bytes chunk, struct facts_body *facts)
{
    if (!chunk.len)
        return;
    facts->size += (int64_t)chunk.len;
    if (!facts->has_nul && memchr(chunk.data, '\0', chunk.len))
        facts->has_nul = true;

    const char *at = chunk.data;
    const char *end = chunk.data + chunk.len;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline) {
            read_slowly(scan, at, end, facts);
            return;
        }
        bool clean = at_clean_line_start(scan) && newline > at &&
                     memchr(at, '\r', (size_t)(newline - at)) == newline - 1;
        if (clean)
            measure(newline - 1 - at, facts);
        else
            read_slowly(scan, at, newline + 1, facts);
        at = newline + 1;
    }
}

void body_scan_end(struct body_scan *scan, struct facts_body *facts)
{
    if (scan->after_cr) {
        scan->after_cr = false;
        facts->has_bare_cr = true;
        end_line(scan, true, facts);
    }
    measure(scan->line_length, facts);
    if (scan->line == BODY_LINE_DOT && scan->bare_begin)
        facts->has_early_end = true;
}
