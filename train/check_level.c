// SPDX-License-Identifier: MIT
// One recording by itself: is there anything in it, did it hit the ceiling, does it stand off zero.

#include "train/check_parts.h"

#include <math.h>
#include <stdlib.h>

enum {
    CLIP_RUN = 3,    ///< frames in a row at the ceiling
    CLIP_PLACES = 3, ///< named one by one
    FLAT_RUN = 4,    ///< the same below full scale
};

static const double ceiling = 0.985;   // of full scale: converters and exports stop here
static const double flat_least = 0.05; // a ceiling lower than this is something else
static const double silence_peak = 1e-4;
static const double dc_share = 0.1; // of the root mean square
static const double dc_least = 1e-3;

typedef struct clipping {
    double peak;   ///< largest magnitude
    uint64_t runs; ///< at the peak
    uint64_t frames;
    double place_s[CLIP_PLACES];
} clipping;

static clipping find_clipping(const bl_audio *audio, uint64_t least_run)
{
    clipping found = {0};
    for (uint64_t n = 0; n < audio->frames; n++) {
        found.peak = fmax(found.peak, fabs((double)audio->samples[n]));
    }
    const float top = (float)(found.peak * (1.0 - 1e-6));
    for (uint64_t n = 0; n < audio->frames; n++) {
        uint64_t end = n;
        const float first = audio->samples[n];
        while (end < audio->frames && fabsf(audio->samples[end]) >= top &&
               (audio->samples[end] > 0.0f) == (first > 0.0f)) {
            end++;
        }
        if (end - n >= least_run) {
            if (found.runs < CLIP_PLACES) {
                found.place_s[found.runs] = (double)n / audio->sample_rate_hz;
            }
            found.runs++;
            found.frames += end - n;
        }
        n = end > n ? end - 1 : n;
    }
    return found;
}

static void check_clipping(const bl_audio *audio, bool is_target, bl_check *check)
{
    // What an amplifier makes may well be flat; only full scale tells that a converter cut it.
    const clipping found = find_clipping(audio, is_target ? CLIP_RUN : FLAT_RUN);
    const bool full = found.peak >= ceiling;
    if (found.runs == 0 || (!full && (is_target || found.runs < 3 || found.peak < flat_least))) {
        return;
    }
    char time[32];
    bl_check_add(check,
                 &(bl_finding){.kind = BL_FINDING_CLIPPING,
                               .severity = BL_SEVERITY_WARNING,
                               .in_target = is_target,
                               .from_s = found.place_s[0],
                               .to_s = found.place_s[0],
                               .value = (double)found.frames},
                 "the %s recording is clipped: %llu times flat at %.3f of full scale, first at %s; "
                 "lower the recording level and record again",
                 is_target ? "amplifier's" : "clean", (unsigned long long)found.runs, found.peak,
                 bl_check_time(found.place_s[0], time));
}

void bl_check_levels(const bl_audio *audio, bool is_target, bl_check *check)
{
    const char *name = is_target ? "amplifier's" : "clean";
    double sum = 0.0, power = 0.0, peak = 0.0;
    for (uint64_t n = 0; n < audio->frames; n++) {
        const double x = (double)audio->samples[n];
        sum += x;
        power += x * x;
        peak = fmax(peak, fabs(x));
    }
    const double frames = (double)audio->frames, end_s = frames / audio->sample_rate_hz;
    const double dc = sum / frames, rms = sqrt(power / frames);
    if (peak < silence_peak) {
        bl_check_add(check,
                     &(bl_finding){.kind = BL_FINDING_SILENCE,
                                   .severity = BL_SEVERITY_FAULT,
                                   .in_target = is_target,
                                   .to_s = end_s,
                                   .value = peak},
                     "the %s recording is silent from 0 to %.2f s (peak %.1f dBFS); check cable "
                     "and input, choose another channel with --channel, or record again",
                     name, end_s, 20.0 * log10(fmax(peak, 1e-10)));
        return;
    }
    check_clipping(audio, is_target, check);
    if (fabs(dc) > dc_least && fabs(dc) > dc_share * rms) {
        bl_check_add(check,
                     &(bl_finding){.kind = BL_FINDING_DC,
                                   .severity = BL_SEVERITY_WARNING,
                                   .in_target = is_target,
                                   .to_s = end_s,
                                   .value = dc},
                     "the %s recording stands off zero by %+.4f from 0 to %.2f s (%.0f %% of its "
                     "level); remove the DC offset with a high-pass at 10 Hz, or use another input",
                     name, dc, end_s, 100.0 * fabs(dc) / rms);
    }
}
