/* libopendkim as a verifier of whole messages, byte for byte: the opendkim program's test mode
 * writes "Name: " anew before it looks, so that simple header canonicalization is not for it.
 *
 *   libopendkim_verify KEYS <LIST
 *
 * KEYS has a line "SELECTOR._domainkey.DOMAIN RECORD" a key, LIST the path of a message a line. A
 * line comes out for each signature, from the top down: the path, then "good" or what is wrong.
 * Exit code 1: something could not be read, or has no signature. */
#include <opendkim/dkim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All of a file, *ret_len bytes, the caller's to free; NULL where it cannot be read. */
static unsigned char *contents(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    long size = -1;
    unsigned char *data = NULL;
    if (file && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size > 0 && fseek(file, 0, SEEK_SET) == 0)
        data = malloc((size_t)size);
    if (data && fread(data, 1, (size_t)size, file) != (size_t)size) {
        free(data);
        data = NULL;
    }
    if (file)
        fclose(file);
    *ret_len = data ? (size_t)size : 0;
    return data;
}

static const char *judged(DKIM_SIGINFO *signature)
{
    if (DKIM_SIG_CHECK(signature))
        return "good";
    int error = dkim_sig_geterror(signature);
    return error == DKIM_SIGERROR_OK ? "the body is another" : dkim_sig_geterrorstr(error);
}

/* What the library says of the whole is left aside: a signature that fails makes it an error, too.
 */
static int verify(DKIM *dkim, unsigned char *data, size_t len, const char *path)
{
    DKIM_SIGINFO **signatures = NULL;
    int count = 0;
    if (dkim_chunk(dkim, data, len) == DKIM_STAT_OK && dkim_chunk(dkim, NULL, 0) == DKIM_STAT_OK)
        (void)dkim_eom(dkim, NULL);
    if (dkim_getsiglist(dkim, &signatures, &count) != DKIM_STAT_OK)
        return 1;
    for (int i = 0; i < count; i++)
        printf("%s %s\n", path, judged(signatures[i]));
    return count == 0;
}

static int verify_file(DKIM_LIB *lib, const char *path)
{
    size_t len;
    DKIM_STAT status;
    unsigned char *data = contents(path, &len);
    if (!data)
        return 1;
    DKIM *dkim = dkim_verify(lib, (const unsigned char *)path, NULL, &status);
    int failed = dkim ? verify(dkim, data, len, path) : 1;
    if (dkim)
        dkim_free(dkim);
    free(data);
    return failed;
}

int main(int argc, char **argv)
{
    char line[4096];
    dkim_query_t method = DKIM_QUERY_FILE;
    int failed = 0;
    DKIM_LIB *lib = argc == 2 ? dkim_init(NULL, NULL) : NULL;
    if (!lib ||
        dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_QUERYMETHOD, &method, sizeof method) !=
            DKIM_STAT_OK ||
        dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_QUERYINFO, argv[1], strlen(argv[1])) !=
            DKIM_STAT_OK)
        return 2;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (verify_file(lib, line)) {
            fprintf(stderr, "%s: cannot be read, or has no signature\n", line);
            failed = 1;
        }
    }
    dkim_close(lib);
    return failed;
}
