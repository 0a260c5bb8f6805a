/* What libmilter makes and destroys while others still use it, out of ThreadSanitizer's sight.
 *
 * As libmilter ends, the first of its threads destroys what guards the sessions (worker.c) and the
 * listening socket (listener.c), while its other threads and smfi_stop() may still come to it; and
 * smfi_stop() may come to its own mutex before smfi_main() has made it (signal.c). Nobody but
 * libmilter could mend that. These are static variables of libmilter's, which hold nothing to give
 * back: here they are never destroyed, and made without a word. libmilter calls by the dynamic
 * linker and finds these functions. Everybody else's calls, ours above all, go to
 * ThreadSanitizer's own: it sees the use of a mutex of ours that is gone. Linked only to
 * programs that are built with it: the daemon, and the milters of tests/bench. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

int seen_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes) __asm__(
    "__interceptor_pthread_mutex_init");
int seen_mutex_destroy(pthread_mutex_t *mutex) __asm__("__interceptor_pthread_mutex_destroy");
int seen_cond_destroy(pthread_cond_t *cond) __asm__("__interceptor_pthread_cond_destroy");
void unseen_begin(const char *file, int line) __asm__("AnnotateIgnoreWritesBegin");
void unseen_end(const char *file, int line) __asm__("AnnotateIgnoreWritesEnd");

/* By where the variable is, not by who calls: the destruction that libmilter leaves to exit() is
 * called from there. */
static bool is_of_libmilter(const void *variable)
{
    Dl_info info;
    return dladdr(variable, &info) && info.dli_fname && strstr(info.dli_fname, "/libmilter.so");
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    if (!is_of_libmilter(mutex))
        return seen_mutex_init(mutex, attributes);
    unseen_begin(__FILE__, __LINE__);
    int failed = seen_mutex_init(mutex, attributes);
    unseen_end(__FILE__, __LINE__);
    return failed;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    return is_of_libmilter(mutex) ? 0 : seen_mutex_destroy(mutex);
}

int pthread_cond_destroy(pthread_cond_t *cond)
{
    return is_of_libmilter(cond) ? 0 : seen_cond_destroy(cond);
}
