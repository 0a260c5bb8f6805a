/* submilterctl key: makes signing keys, shows them, prints what DNS has to say of them. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/reload_hint.h"
#include "dkim/keygen.h"
#include "dkim/our_command.h"
#include "gate/snapshot.h"
#include "policy/address.h"
#include "policy/shell.h"

struct key_arguments {
    const char *domain;
    const char *selector; /* NULL: by date and type */
    bool rsa;
    bool ed25519;
    bool dns; /* show: the DNS records too */
};

static bool read_type(const char *text, struct key_arguments *arguments)
{
    bool both = strcmp(text, "both") == 0;
    arguments->rsa = both || strcmp(text, "rsa") == 0;
    arguments->ed25519 = both || strcmp(text, "ed25519") == 0;
    if (arguments->rsa || arguments->ed25519)
        return true;
    fprintf(stderr, "submilterctl: --type: there is no type \"%s\"\n", text);
    return false;
}

static bool read_arguments(int argc, char **argv, struct key_arguments *ret)
{
    static const struct option options[] = {{"selector", required_argument, NULL, 's'},
                                            {"type", required_argument, NULL, 't'},
                                            {"dns", no_argument, NULL, 'd'},
                                            {0}};
    int option;
    *ret = (struct key_arguments){.rsa = true, .ed25519 = true};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            ret->selector = optarg;
        else if (option == 'd')
            ret->dns = true;
        else if (option != 't' || !read_type(optarg, ret))
            return false;
    }
    if (optind < argc)
        ret->domain = argv[optind++];
    return optind == argc;
}

/* Where keys are and for whom, from the configuration. */
static bool find_place(const char *config, struct settings **ret_settings,
                       struct keystore_options *ret_place, struct error *error)
{
    if (!settings_load(config, ret_settings, error))
        return false;
    *ret_place = (struct keystore_options){.folder = (*ret_settings)->dkim.keys};
    if (snapshot_identity(*ret_settings, &ret_place->user, &ret_place->group, error))
        return true;
    settings_unref(*ret_settings);
    return false;
}

static bool print_key(const struct keystore_options *place, const char *path, struct error *error)
{
    struct keystore *store;
    size_t count;
    if (!keystore_load(place, NULL, &store, error))
        return false;
    const struct key *keys = keystore_keys(store, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].path, path) == 0)
            keygen_print_records(&keys[i], stdout);
    keystore_unref(store);
    return true;
}

/* With both types a selector of the admin's own serves for RSA, and with an "e" behind it for
 * Ed25519. */
static const char *selector_for(const struct key_arguments *arguments, enum key_type type,
                                struct keygen_selector *room, struct arena *arena)
{
    if (!arguments->selector) {
        *room = keygen_default_selector(time(NULL), type);
        return room->text;
    }
    if (type == KEY_ED25519 && arguments->rsa)
        return arena_printf(arena, "%se", arguments->selector);
    return arguments->selector;
}

static bool make_one(const struct key_arguments *arguments, const struct keystore_options *place,
                     enum key_type type, struct arena *arena, struct error *error)
{
    struct keygen_selector room;
    const char *path;
    struct keygen_options options = {.place = *place,
                                     .domain = arguments->domain,
                                     .selector = selector_for(arguments, type, &room, arena),
                                     .type = type};
    if (!keygen_make(&options, arena, &path, error))
        return false;
    printf("; made %s\n", path);
    return print_key(place, path, error);
}

/* A key too many would keep the daemon from loading all of them. */
static bool has_room(const struct key_arguments *arguments, const struct keystore_options *place,
                     struct arena *arena, struct error *error)
{
    struct keystore *store;
    const struct key *keys;
    struct bytes domain;
    if (!address_normalise_domain(arena, bytes_of(arguments->domain), &domain))
        return true; /* keygen_make says so */
    struct error ignored;
    if (!keystore_load(place, NULL, &store, &ignored))
        return true; /* a new key may be what mends that */
    size_t count = keystore_find(store, domain, false, &keys);
    keystore_unref(store);
    return count + arguments->rsa + arguments->ed25519 <= KEYS_OF_DOMAIN_MAX ||
           error_set(error,
                     "%s: there are %zu keys, of %d at most, as each signs every message: take "
                     "those away whose selectors are old",
                     arguments->domain, count, KEYS_OF_DOMAIN_MAX);
}

static int make(const char *config, const struct key_arguments *arguments)
{
    struct settings *settings;
    struct keystore_options place;
    struct error error;
    if (!find_place(config, &settings, &place, &error))
        return command_complain(&error, EX_CONFIG);
    struct arena *arena = arena_new((size_t)1 << 20);
    bool made = arena != NULL || error_set(&error, "out of memory");
    made = made && has_room(arguments, &place, arena, &error);
    if (made && arguments->rsa)
        made = make_one(arguments, &place, KEY_RSA, arena, &error);
    if (made && arguments->ed25519)
        made = make_one(arguments, &place, KEY_ED25519, arena, &error);
    if (made) {
        output_change_made();
        puts(
            "; Publish these records; once DNS shows them everywhere, tell the daemon: " RELOAD_HINT
            "\n"
            "; It signs with every key that is in the folder from its next start or reload on.");
    }
    arena_free(arena);
    settings_unref(settings);
    return made ? 0 : command_complain(&error, EX_CANTCREAT);
}

static int show(const char *config, const struct key_arguments *arguments)
{
    struct settings *settings;
    struct keystore_options place;
    struct keystore *store;
    struct error error;
    size_t count;
    if (!find_place(config, &settings, &place, &error))
        return command_complain(&error, EX_CONFIG);
    if (!keystore_load(&place, NULL, &store, &error)) {
        settings_unref(settings);
        return command_complain(&error, EX_CONFIG);
    }
    const struct key *keys = keystore_keys(store, &count);
    struct arena *arena = arena_new((size_t)1 << 20);
    struct bytes domain = bytes_of(arguments->domain);
    size_t shown = 0;
    /* U-labels and capitals name the same domain; what is no domain has no key. */
    if (arena && domain.len && !address_normalise_domain(arena, domain, &domain))
        domain = (struct bytes){NULL, 0};
    for (size_t i = 0; i < count; i++) {
        if (arguments->domain && !bytes_equal(domain, bytes_of(keys[i].domain)))
            continue;
        shown++;
        if (arguments->dns)
            keygen_print_records(&keys[i], stdout);
        else
            printf("%s\t%s\t%s\t%d\t%s\n", keys[i].domain, keys[i].selector,
                   keys[i].type == KEY_RSA ? "rsa" : "ed25519", keys[i].bits, keys[i].path);
    }
    if (!shown)
        fprintf(stderr, "submilterctl: there is no key in %s; make one: %s key new %s\n",
                place.folder, our_command(),
                arguments->domain ? shell_word(arguments->domain).text : "DOMAIN");
    arena_free(arena);
    keystore_unref(store);
    settings_unref(settings);
    return shown ? 0 : 1;
}

static int run(const char *config, int argc, char **argv)
{
    struct key_arguments arguments;
    if (argc < 2 || !read_arguments(argc - 1, argv + 1, &arguments))
        return EX_USAGE;
    if (strcmp(argv[1], "new") == 0 && arguments.domain && !arguments.dns)
        return make(config, &arguments);
    if (strcmp(argv[1], "show") == 0)
        return show(config, &arguments);
    if (strcmp(argv[1], "new") != 0)
        fprintf(stderr, "submilterctl: key: there is no command \"%s\"\n", argv[1]);
    else if (!arguments.domain)
        fputs("submilterctl: key new: name the domain that the keys are to sign for\n", stderr);
    return EX_USAGE;
}

const struct command command_key = {
    .name = "key",
    .arguments = "new DOMAIN [--selector S] [--type rsa|ed25519|both]\n"
                 "  submilterctl key show [DOMAIN] [--dns]",
    .summary = "makes signing keys and prints their DNS records; lists the keys there are",
    .run = run,
};
