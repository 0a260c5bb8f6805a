/* Looking a setting up in another program's text file: "Name value", "name = value;". */
#ifndef CTL_DOCTOR_SETTINGS_TEXT_H
#define CTL_DOCTOR_SETTINGS_TEXT_H

#include "ctl/doctor/doctor.h"

/* The last line that sets it, comments ("#") passed over; its value without quotes and ";". NULL:
 * no such file or setting. In the arena. */
const char *settings_text_last(struct doctor *doctor, const char *path, const char *name);

/* Whether a line that is no comment has the text. */
bool settings_text_has(const char *path, const char *text);

#endif
