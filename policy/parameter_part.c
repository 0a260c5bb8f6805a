/* Cuts the parameters of a field apart, as leniently as readers do. */
#include "policy/parameter_part.h"

#define NUMBER_DIGITS_MAX 4
#define NAME_MAX_LEN 64

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool at_end(const struct parameter_scanner *scanner)
{
    return scanner->at >= scanner->text.len;
}

static char here(const struct parameter_scanner *scanner)
{
    return scanner->text.data[scanner->at];
}

static void skip_comment(struct parameter_scanner *scanner)
{
    size_t depth = 0;
    scanner->commented = true;
    for (; !at_end(scanner); scanner->at++) {
        char byte = here(scanner);
        if (byte == '\\') {
            scanner->at++;
        } else if (byte == '(') {
            depth++;
        } else if (byte == ')' && --depth == 0) {
            scanner->at++;
            return;
        }
    }
    scanner->at = scanner->text.len;
    scanner->malformed = true;
}

void parameter_skip_blanks(struct parameter_scanner *scanner)
{
    while (!at_end(scanner)) {
        if (here(scanner) == '(')
            skip_comment(scanner);
        else if (is_blank(here(scanner)))
            scanner->at++;
        else
            return;
    }
}

static struct bytes read_name(struct parameter_scanner *scanner)
{
    size_t from = scanner->at;
    while (!at_end(scanner) && here(scanner) != '=' && here(scanner) != ';' &&
           here(scanner) != '(' && here(scanner) != '"' && !is_blank(here(scanner)))
        scanner->at++;
    return bytes_slice(scanner->text, from, scanner->at);
}

/* "name*12*" into name, number and star. False: what stands behind a star is neither. */
static bool split_name(struct bytes whole, struct parameter_part *part)
{
    size_t star = bytes_find(whole, '*');
    part->name = bytes_slice(whole, 0, star);
    part->number = -1;
    if (star == whole.len)
        return whole.len > 0 && whole.len <= NAME_MAX_LEN;
    struct bytes rest = bytes_slice(whole, star + 1, whole.len);
    size_t digits = 0;
    int number = 0;
    while (digits < rest.len && digits <= NUMBER_DIGITS_MAX && rest.data[digits] >= '0' &&
           rest.data[digits] <= '9')
        number = number * 10 + (rest.data[digits++] - '0');
    if (digits)
        part->number = number;
    part->extended = digits == 0 || digits < rest.len;
    return star > 0 && star <= NAME_MAX_LEN && digits <= NUMBER_DIGITS_MAX &&
           (digits == rest.len || (digits + 1 == rest.len && rest.data[digits] == '*'));
}

static void read_quoted(struct parameter_scanner *scanner, struct parameter_part *part)
{
    size_t from = ++scanner->at;
    while (!at_end(scanner) && here(scanner) != '"')
        scanner->at += here(scanner) == '\\' ? 2 : 1;
    part->quoted = true;
    part->malformed = at_end(scanner);
    part->value = bytes_slice(scanner->text, from, scanner->at);
    scanner->at = part->malformed ? scanner->text.len : scanner->at + 1;
}

/* Up to the semicolon: clients send file names with blanks and no quotes. */
static void read_bare(struct parameter_scanner *scanner, struct parameter_part *part)
{
    size_t from = scanner->at;
    while (!at_end(scanner) && here(scanner) != ';' && !is_blank(here(scanner)) &&
           here(scanner) != '(')
        scanner->at++;
    part->value = bytes_slice(scanner->text, from, scanner->at);
    parameter_skip_blanks(scanner);
    if (at_end(scanner) || here(scanner) == ';')
        return;
    while (!at_end(scanner) && here(scanner) != ';')
        scanner->at++;
    part->value = bytes_trim(bytes_slice(scanner->text, from, scanner->at));
    part->malformed = true;
}

/* To the next semicolon outside of quotes. */
static void skip_part(struct parameter_scanner *scanner)
{
    bool quoted = false;
    for (; !at_end(scanner) && (quoted || here(scanner) != ';'); scanner->at++) {
        if (here(scanner) == '"')
            quoted = !quoted;
        else if (here(scanner) == '\\' && quoted)
            scanner->at++;
    }
}

static bool read_part(struct parameter_scanner *scanner, struct parameter_part *part)
{
    *part = (struct parameter_part){0};
    bool named = split_name(read_name(scanner), part);
    parameter_skip_blanks(scanner);
    if (!named || at_end(scanner) || here(scanner) != '=')
        return false;
    scanner->at++;
    parameter_skip_blanks(scanner);
    if (at_end(scanner) || here(scanner) == ';')
        return true;
    if (here(scanner) == '"')
        read_quoted(scanner, part);
    else
        read_bare(scanner, part);
    return true;
}

bool parameter_next(struct parameter_scanner *scanner, struct parameter_part *ret_part)
{
    for (;;) {
        parameter_skip_blanks(scanner);
        if (at_end(scanner))
            return false;
        if (here(scanner) == ';') {
            scanner->at++;
            continue;
        }
        bool found = read_part(scanner, ret_part);
        parameter_skip_blanks(scanner);
        bool ends = at_end(scanner) || here(scanner) == ';';
        if (!found || !ends) {
            scanner->malformed = true;
            skip_part(scanner);
        }
        if (found)
            return true;
    }
}
