/* Finding fields by name. */
#include "policy/facts.h"

const struct field *facts_field(const struct facts_header *header, struct bytes name, size_t n)
{
    for (size_t i = 0; i < header->count; i++)
        if (bytes_equal_nocase(header->fields[i].name, name) && n-- == 0)
            return &header->fields[i];
    return NULL;
}

size_t facts_field_count(const struct facts_header *header, struct bytes name)
{
    size_t count = 0;
    for (size_t i = 0; i < header->count; i++)
        count += bytes_equal_nocase(header->fields[i].name, name);
    return count;
}
