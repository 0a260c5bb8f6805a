/* limits/scripts/NAME.lua, line by line, NULL at the end: fleet_script_texts.c is made of them. */
#ifndef LIMITS_FLEET_SCRIPT_TEXTS_H
#define LIMITS_FLEET_SCRIPT_TEXTS_H

extern const char *const script_beat[];
extern const char *const script_charge[];
extern const char *const script_common[];
extern const char *const script_habit[];
extern const char *const script_known[];
extern const char *const script_learn[];
extern const char *const script_look[];
extern const char *const script_peek[];
extern const char *const script_refused[];
extern const char *const script_settle[];
extern const char *const script_stand[];

#endif
