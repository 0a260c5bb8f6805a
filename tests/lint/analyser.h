/* Put before every file that clang-tidy reads: it does not see into other files, so it has to be
 * told which functions always return false. */
#include <stdbool.h>

#ifdef KNOWS_ERROR
#include "policy/error.h"
#define error_set(...) (error_set(__VA_ARGS__), false)
#define error_prefix(...) (error_prefix(__VA_ARGS__), false)
#endif

#ifdef KNOWS_LINES
#include "tables/lines.h"
#define lines_error(...) (lines_error(__VA_ARGS__), false)
#endif

#ifdef KNOWS_NODE
#include "conf/node.h"
#define node_error(...) (node_error(__VA_ARGS__), false)
#endif
