/* A folder of key files for one test: what stands in it, and what the key store says of it. */
#ifndef TESTS_UNIT_KEY_FOLDER_H
#define TESTS_UNIT_KEY_FOLDER_H

#include "dkim/keystore.h"

extern char key_folder[64];
extern struct keystore_options key_folder_options;
extern char key_folder_rsa[8192], key_folder_ed[1024]; /* keys as PEM */

/* Once a program. */
void key_folder_new_keys(void);

/* A new empty folder for each test. */
int key_folder_begin(void **state);
int key_folder_end(void **state);

/* Good until the fourth call after. */
const char *key_folder_path(const char *name);
void key_folder_put(const char *name, const char *text, mode_t mode);
void key_folder_make(const char *name, mode_t mode);

struct keystore *key_folder_load(const struct keystore *previous);

/* The load fails, with all of these words (the last one NULL) in its error. */
void key_folder_refuses(const struct keystore *previous, const char *const *words);
#define KEY_FOLDER_REFUSES(...) key_folder_refuses(NULL, (const char *const[]){__VA_ARGS__, NULL})

/* What a command prints, and what openssl(1) does. */
const char *key_folder_output(const char *command);
const char *key_folder_openssl(const char *arguments);

#endif
