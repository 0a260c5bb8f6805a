/* The labels below a plot over time. */
#ifndef CTL_REPORT_AXIS_H
#define CTL_REPORT_AXIS_H

#include <stddef.h>

#include "history/summary.h"

#define AXIS_LABELS_MAX 40

struct axis_label {
    size_t bucket; /* it stands at this one's begin */
    bool main;     /* where there is little room only these are shown */
    char text[24];
};

/* Labels at hours, days or months, as the span is long; at most AXIS_LABELS_MAX. Returns how many.
 */
size_t axis_labels(const struct summary *summary, struct axis_label ret_labels[AXIS_LABELS_MAX]);

/* A bucket's begin as a label of its own: "Fri 20 Nov, 15:00". */
const char *axis_bucket(const struct summary *summary, size_t bucket, char *ret_text, size_t size);

#endif
