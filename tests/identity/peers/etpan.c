/* libetpan (Claws Mail, MailCore): From as a list of mailboxes.
 *
 * What is used of its headers stands here, as of 1.9.4: their package excludes
 * libcurl4-openssl-dev, with which the product is built. */
#include "lines.h"

struct cell {
    void *data;
    struct cell *previous, *next;
};

struct list {
    struct cell *first, *last;
    int count;
};

struct mailimf_mailbox {
    char *display_name;
    char *address;
};

struct mailimf_mailbox_list {
    struct list *mailboxes;
};

int mailimf_mailbox_list_parse(const char *text, size_t len, size_t *at,
                               struct mailimf_mailbox_list **ret_list);
void mailimf_mailbox_list_free(struct mailimf_mailbox_list *list);

int main(void)
{
    size_t len;
    for (char *value; (value = lines_next(&len)); free(value)) {
        struct mailimf_mailbox_list *list = NULL;
        size_t at = 0;
        if (mailimf_mailbox_list_parse(value, len, &at, &list) == 0) {
            for (struct cell *cell = list->mailboxes->first; cell; cell = cell->next)
                lines_address(((struct mailimf_mailbox *)cell->data)->address, NULL);
            mailimf_mailbox_list_free(list);
        }
        lines_end();
    }
    return 0;
}
