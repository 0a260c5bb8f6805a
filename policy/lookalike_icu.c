/* Skeletons by ICU's uspoof (UTS #39). */
#include "policy/lookalike_skeleton.h"

#include <stdint.h>
#include <threads.h>
#include <unicode/uspoof.h>

#include "policy/lookalike.h"

/* Opened once, immutable after that, and safe to ask from any thread. */
static once_flag opened = ONCE_FLAG_INIT;
static USpoofChecker *checker;

/* ICU keeps an error of its first call: what it needs for skeletons is made here, too. */
static void open_checker(void)
{
    UErrorCode error = U_ZERO_ERROR;
    char out[8];
    checker = uspoof_open(&error);
    if (U_FAILURE(error))
        checker = NULL;
    else
        uspoof_getSkeletonUTF8(checker, 0, "x", 1, out, sizeof out, &error);
}

void lookalike_begin(void)
{
    call_once(&opened, open_checker);
}

bool lookalike_has_skeletons(void)
{
    return true;
}

static bool out_of_memory(struct arena *arena)
{
    arena_alloc(arena, SIZE_MAX); /* so that the arena remembers */
    return false;
}

bool lookalike_skeleton(struct arena *arena, struct bytes utf8, struct bytes *ret_skeleton)
{
    lookalike_begin();
    if (!checker)
        return out_of_memory(arena);
    int32_t room = (int32_t)utf8.len * 2 + 16;
    for (int attempt = 0; attempt < 2; attempt++) {
        UErrorCode error = U_ZERO_ERROR;
        char *out = arena_alloc(arena, (size_t)room);
        if (!out)
            return false;
        int32_t len =
            uspoof_getSkeletonUTF8(checker, 0, utf8.data, (int32_t)utf8.len, out, room, &error);
        if (U_SUCCESS(error)) {
            *ret_skeleton = (struct bytes){out, (size_t)len};
            return true;
        }
        room = len;
    }
    return out_of_memory(arena);
}
