/* What a decision was and would be, in a few words. */
#ifndef CTL_REPLAY_SAMPLE_TEXT_H
#define CTL_REPLAY_SAMPLE_TEXT_H

#include "ctl/replay/differences.h"

/* "reject not-owned", "would fix missing"; "-" for nothing. */
void sample_text_effect(const struct replay_effect *effect, char *ret_text, size_t size);

void sample_text_fill(struct difference_sample *sample, uint64_t number, enum difference kind,
                      const struct recorded *recorded, const struct replayed *replayed);

#endif
