/* A session of libmilter's for which no thread can be made waits for one of those that are there.
 *
 * libmilter takes it for served, and nobody would ever read what its MTA says. A worker that can't
 * be detached hands its session back to those that wait for a worker: so the one that could not be
 * made is asked here to begin, in the thread that wanted it, and finds that it can't. libmilter
 * calls both functions through the dynamic linker; everybody else's calls are the system's own. Not
 * for a build with sanitizers, which make threads themselves.
 *
 * Before all workers libmilter starts its thread for signals, which would never come back. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef void *start_function(void *argument);
typedef int create_function(pthread_t *ret_thread, const pthread_attr_t *attributes,
                            start_function *start, void *argument);
typedef int detach_function(pthread_t thread);

static _Atomic(start_function *) for_signals; /* the first that libmilter hands something to */
static _Thread_local bool refuses_detach;

static void *system_function(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (!function)
        abort();
    return function;
}

/* Whether it is libmilter's, which has no name for it that others see. */
static bool is_of_libmilter(start_function *start)
{
    Dl_info info;
    void *address;
    memcpy(&address, &start, sizeof address); /* ISO C knows no other way */
    return dladdr(address, &info) && info.dli_fname && strstr(info.dli_fname, "/libmilter.so");
}

static bool is_worker(start_function *start, const void *argument)
{
    start_function *none = NULL;
    return argument && start != atomic_load(&for_signals) && is_of_libmilter(start) &&
           !atomic_compare_exchange_strong(&for_signals, &none, start);
}

int pthread_create(pthread_t *restrict ret_thread, const pthread_attr_t *restrict attributes,
                   start_function *start, void *restrict argument)
{
    create_function *create;
    void *found = system_function("pthread_create");
    memcpy(&create, &found, sizeof create);
    bool worker = is_worker(start, argument);
    int failed = create(ret_thread, attributes, start, argument);
    if (!failed || !worker)
        return failed;
    refuses_detach = true;
    start(argument);
    refuses_detach = false;
    return failed; /* it is said in the log */
}

int pthread_detach(pthread_t thread)
{
    detach_function *detach;
    if (refuses_detach)
        return EAGAIN;
    void *found = system_function("pthread_detach");
    memcpy(&detach, &found, sizeof detach);
    return detach(thread);
}
