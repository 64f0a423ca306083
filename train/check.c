// SPDX-License-Identifier: MIT
// The order of the checks, and the words about length, rate, channel, delay and drift.

#include "train/check.h"

#include "backline/text.h"
#include "train/check_parts.h"

#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double too_short_s = 2.0, short_s = 20.0;
static const double longer_allowed_s = 1.0, shorter_allowed_s = 0.05;
static const double other_channel_db = 30.0;
static const double unrelated = 0.3;
static const double delay_told = 1.5;    // frames; less is as good as none
static const double another_delay = 8.0; // frames; periods and converters differ by more

const char *bl_finding_name(bl_finding_kind kind)
{
    switch (kind) {
#define BL_FINDING_NAME(id, name)                                                                  \
    case BL_FINDING_##id:                                                                          \
        return name;
        BL_FINDING_TABLE(BL_FINDING_NAME)
#undef BL_FINDING_NAME
    }
    return "unknown";
}

const char *bl_severity_name(bl_severity severity)
{
    static const char *const names[] = {[BL_SEVERITY_NOTE] = "note",
                                        [BL_SEVERITY_WARNING] = "warning",
                                        [BL_SEVERITY_FAULT] = "fault"};
    return names[severity];
}

const char *bl_check_time(double seconds, char *text)
{
    if (seconds < 60.0) {
        snprintf(text, 32, "%.2f s", seconds);
    } else {
        snprintf(text, 32, "%.2f s (%d:%05.2f)", seconds, (int)(seconds / 60.0),
                 fmod(seconds, 60.0));
    }
    return text;
}

void bl_check_add(bl_check *check, const bl_finding *where, const char *format, ...)
{
    if (check->count == BL_FINDINGS_MAX) {
        return;
    }
    bl_finding *finding = &check->findings[check->count++];
    *finding = *where;
    va_list arguments;
    va_start(arguments, format);
    bl_text_format(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
    bl_text_mend(finding->text); // files are named in it
}

const bl_finding *bl_check_fault(const bl_check *check)
{
    for (size_t i = 0; i < check->count; i++) {
        if (check->findings[i].severity == BL_SEVERITY_FAULT) {
            return &check->findings[i];
        }
    }
    return NULL;
}

static double level_db(double power)
{
    return 10.0 * log10(power + 1e-20);
}

// Whether another channel of the file is much louder than the chosen one.
static void check_channels(const char *path, uint32_t channel, const bl_audio *chosen,
                           bool is_target, bl_check *check)
{
    double sum = 0.0;
    for (uint64_t n = 0; n < chosen->frames; n++) {
        sum += (double)chosen->samples[n] * (double)chosen->samples[n];
    }
    const double here = level_db(sum / (double)chosen->frames);
    double loudest = here;
    uint32_t best = channel;
    for (uint32_t c = 0; c < chosen->file_channels && c < BL_AUDIO_CHANNELS_TOLD; c++) {
        const double level = level_db(chosen->file_power[c]);
        if (c != channel && level > loudest) {
            loudest = level;
            best = c;
        }
    }
    if (loudest > here + other_channel_db) {
        const bool silent = here < -80.0;
        bl_check_add(check,
                     &(bl_finding){.kind = BL_FINDING_CHANNEL,
                                   .severity = silent ? BL_SEVERITY_FAULT : BL_SEVERITY_WARNING,
                                   .in_target = is_target,
                                   .to_s = (double)chosen->frames / chosen->sample_rate_hz,
                                   .value = best + 1},
                     "channel %u of %.120s is %s from 0 to %.2f s (%.0f dBFS), channel %u is not "
                     "(%.0f dBFS); use --channel %u, or export it as mono",
                     (unsigned)channel + 1, path, silent ? "silent" : "almost silent",
                     (double)chosen->frames / chosen->sample_rate_hz, here, (unsigned)best + 1,
                     loudest, (unsigned)best + 1);
    }
}

// A file at 44.1 kHz that says 48 is longer than it should be by just that ratio.
static bool is_rate_ratio(double ratio)
{
    static const double rates[] = {44100.0, 48000.0, 88200.0, 96000.0};
    enum { RATES = sizeof rates / sizeof rates[0] };
    for (size_t i = 0; i < RATES; i++) {
        for (size_t j = 0; j < RATES; j++) {
            if (i != j && fabs(ratio * rates[i] / rates[j] - 1.0) < 2e-4) {
                return true;
            }
        }
    }
    return false;
}

static void check_length(double input_s, double target_s, bool learnt, bl_check *check)
{
    const double longer = target_s - input_s, shared = fmin(input_s, target_s);
    bl_finding where = {.kind = BL_FINDING_LENGTH,
                        .in_target = longer < 0.0,
                        .from_s = shared,
                        .to_s = fmax(input_s, target_s),
                        .value = longer};
    if (shared < too_short_s) {
        where.severity = BL_SEVERITY_FAULT;
        bl_check_add(check, &where,
                     "the recordings share only %.2f s; record at least %.0f s, better three "
                     "minutes",
                     shared, too_short_s);
    } else if (is_rate_ratio(target_s / input_s)) {
        where.severity = BL_SEVERITY_WARNING;
        bl_check_add(check, &where,
                     "the amplifier's recording lasts %.2f s and the clean one %.2f s, in the "
                     "ratio of two sample rates: one file names a wrong rate; export both again "
                     "at the project's rate",
                     target_s, input_s);
    } else if (longer > longer_allowed_s || longer < -shorter_allowed_s) {
        where.severity = BL_SEVERITY_WARNING;
        bl_check_add(check, &where,
                     "the amplifier's recording is %.2f s %s than the clean one; what is after "
                     "%.2f s is not used; export both over the same range",
                     fabs(longer), longer > 0.0 ? "longer" : "shorter", shared);
    } else if (longer > shorter_allowed_s) {
        bl_check_add(check, &where,
                     "the amplifier's recording is %.2f s longer than the clean one; the end is "
                     "not used",
                     longer);
    }
    if (learnt && shared >= too_short_s && shared < short_s) {
        bl_check_add(check,
                     &(bl_finding){.kind = BL_FINDING_LENGTH,
                                   .severity = BL_SEVERITY_WARNING,
                                   .to_s = shared,
                                   .value = shared},
                     "the recordings last %.2f s; the model will know little, record three minutes "
                     "that use the whole neck, soft and hard",
                     shared);
    }
}

static void report_relation(double rate_hz, bool as_told, bl_check *check)
{
    const bl_alignment *a = &check->alignment;
    const bl_finding where = {.in_target = true, .to_s = check->duration_s};
    bl_finding finding = where;
    if (!a->sure && a->related < unrelated) {
        finding.kind = BL_FINDING_UNRELATED;
        finding.severity = BL_SEVERITY_FAULT;
        finding.value = a->related;
        bl_check_add(
            check, &finding,
            "the two recordings are not of the same performance, or lie more than a second "
            "apart: from 0 to %.2f s nothing in one answers the other; choose the files "
            "(or --channel) again",
            check->duration_s);
        return;
    }
    finding.kind = BL_FINDING_DELAY;
    finding.value = a->delay_frames;
    if (!a->sure) {
        if (as_told) {
            return;
        }
        finding.severity = BL_SEVERITY_WARNING;
        bl_check_add(check, &finding,
                     "the delay cannot be told for sure (perhaps %.0f frames, %.1f ms), so nothing "
                     "is moved; put two clicks at the start of the guitar track, 1 s apart, and "
                     "record again",
                     a->delay_frames, 1e3 * a->delay_frames / rate_hz);
        return;
    }
    if (a->drift_ppm != 0.0) {
        finding.kind = BL_FINDING_DRIFT;
        finding.severity = BL_SEVERITY_WARNING;
        finding.value = a->drift_ppm;
        bl_check_add(check, &finding,
                     "the two devices' clocks differ by %+.3f ppm: the delay goes from %.2f frames "
                     "at 0 s to %.2f at %.2f s; it is straightened, but use one interface for both",
                     a->drift_ppm, a->delay_frames,
                     a->delay_frames + 1e-6 * a->drift_ppm * check->duration_s * rate_hz,
                     check->duration_s);
    } else if (!as_told &&
               (check->correction_frames != 0.0 || fabs(a->delay_frames) > delay_told)) {
        char moved[64] = "it is left so";
        if (check->correction_frames != 0.0) {
            snprintf(moved, sizeof moved, "it is moved %.2f frames %s",
                     fabs(check->correction_frames),
                     check->correction_frames > 0.0 ? "forward" : "back");
        }
        bl_check_add(check, &finding, "the amplifier's recording is %.2f frames (%.2f ms) %s%s; %s",
                     fabs(a->delay_frames), 1e3 * fabs(a->delay_frames) / rate_hz,
                     a->delay_frames > 0.0 ? "late" : "early",
                     a->vague ? ", to within 100 frames" : "", moved);
    }
    if (a->inverted) {
        finding = where;
        finding.kind = BL_FINDING_POLARITY;
        finding.value = -1.0;
        bl_check_add(check, &finding,
                     "the amplifier turns the polarity round from 0 to %.2f s; many do, and the "
                     "model will too",
                     check->duration_s);
    }
}

// Bit for bit: somebody chose the clean recording twice, and a model would learn to do nothing.
static void check_same(const bl_audio *input, const bl_audio *target, bl_check *check)
{
    if (memcmp(input->samples, target->samples, (size_t)input->frames * sizeof(float)) == 0) {
        bl_check_add(check,
                     &(bl_finding){.kind = BL_FINDING_SAME,
                                   .severity = BL_SEVERITY_FAULT,
                                   .in_target = true,
                                   .to_s = check->duration_s},
                     "both files are the same recording, from 0 to %.2f s; choose the amplifier's "
                     "as the second",
                     check->duration_s);
    }
}

static void tell(const bl_check_request *request, double done)
{
    if (request != NULL && request->tell != NULL) {
        request->tell(request->context, done);
    }
}

// What is played decides by a frame or so where the delay is found.
static double find_correction(const bl_check *like, const bl_alignment *a)
{
    const double own = bl_align_correction(a);
    if (like == NULL) {
        return own;
    }
    const double apart = fabs(own - like->correction_frames);
    const bool another = a->sure && !a->vague && apart > another_delay + a->error_frames;
    return another ? own : like->correction_frames;
}

static bl_status check_pair(const bl_check_request *request, const bl_audio *input,
                            const bl_audio *target, bl_check *check, bl_error *error)
{
    bl_check_levels(input, false, check);
    bl_check_levels(target, true, check);
    check->duration_s = (double)input->frames / input->sample_rate_hz;
    check->noise_dbfs = check->noise_esr = check->repeat_esr = nan("");
    check_same(input, target, check);
    if (bl_check_fault(check) != NULL) {
        return BL_STATUS_OK;
    }
    const bl_status status = bl_align_find(input, target, &check->alignment, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    const bl_check *like = request != NULL ? request->like : NULL;
    check->correction_frames = find_correction(like, &check->alignment);
    const bool as_told = like != NULL && check->correction_frames == like->correction_frames;
    report_relation(input->sample_rate_hz, as_told, check);
    tell(request, 0.7);
    if (bl_check_fault(check) != NULL) {
        return BL_STATUS_OK; // what one recording says of another performance would mislead
    }
    bl_levels levels;
    if (bl_levels_init(&levels, input, target, &check->alignment)) {
        if (check->alignment.sure && !bl_check_swapped(&levels, check)) {
            bl_check_gate(&levels, check);
        }
        const bool good = bl_check_noise(input, target, &levels, check) &&
                          bl_check_tail(input, target, check) &&
                          bl_check_repeat(input, target, check);
        bl_levels_finish(&levels);
        if (good) {
            return BL_STATUS_OK;
        }
    }
    return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to check the recordings");
}

bl_status bl_check_pair(const bl_audio *input, const bl_audio *target, bl_check *check,
                        bl_error *error)
{
    *check = (bl_check){0};
    return check_pair(NULL, input, target, check, error);
}

typedef struct loading {
    const char *path;
    uint32_t channel;
    double rate_hz;
    bl_audio *audio;
    bl_status status;
    bl_error error;
} loading;

static void *load_one(void *data)
{
    loading *l = data;
    l->status = bl_audio_load_at(l->path, l->channel, l->rate_hz, l->audio, &l->error);
    return NULL;
}

static double seconds_of(const bl_audio *audio)
{
    return (double)audio->file_frames / audio->file_rate_hz;
}

// Both at once: resampling is what takes long.
static bl_status load_pair(const bl_check_request *request, bl_audio *input, bl_audio *target,
                           bl_check *check, bl_error *error)
{
    const double wanted_hz = request->sample_rate_hz;
    loading first = {request->input, request->channel, wanted_hz, input, BL_STATUS_OK, {0}};
    loading second = {request->target, request->channel, wanted_hz, target, BL_STATUS_OK, {0}};
    pthread_t thread;
    const bool beside = pthread_create(&thread, NULL, load_one, &second) == 0;
    load_one(&first);
    if (beside) {
        pthread_join(thread, NULL);
    } else {
        load_one(&second);
    }
    bl_status status = first.status != BL_STATUS_OK ? first.status : second.status;
    if (status != BL_STATUS_OK && error != NULL) {
        *error = first.status != BL_STATUS_OK ? first.error : second.error;
    }
    tell(request, 0.3);
    if (status != BL_STATUS_OK) {
        return status;
    }
    check_channels(request->input, request->channel, input, false, check);
    check_channels(request->target, request->channel, target, true, check);
    check_length(seconds_of(input), seconds_of(target), request->like == NULL, check);
    if (input->file_rate_hz != target->file_rate_hz) {
        bl_check_add(check,
                     &(bl_finding){.kind = BL_FINDING_RATE,
                                   .in_target = true,
                                   .to_s = seconds_of(target),
                                   .value = target->file_rate_hz},
                     "the clean recording is at %.0f Hz and the amplifier's at %.0f Hz; both are "
                     "taken to %.0f Hz",
                     input->file_rate_hz, target->file_rate_hz, input->sample_rate_hz);
    }
    return bl_audio_resample(target, input->sample_rate_hz, error); // as they are, where not told
}

bl_status bl_check_load(const bl_check_request *request, bl_audio *input, bl_audio *target,
                        bl_check *check, bl_error *error)
{
    *check = (bl_check){0};
    *input = *target = (bl_audio){0};
    bl_status status = load_pair(request, input, target, check, error);
    if (status == BL_STATUS_OK) {
        tell(request, 0.4);
        const uint64_t frames = input->frames < target->frames ? input->frames : target->frames;
        input->frames = target->frames = frames;
        status = check_pair(request, input, target, check, error);
    }
    if (status == BL_STATUS_OK && request->align &&
        (check->correction_frames != 0.0 || check->alignment.drift_ppm != 0.0)) {
        status =
            bl_align_apply(target, check->correction_frames, check->alignment.drift_ppm, error);
    }
    tell(request, 1.0);
    if (status != BL_STATUS_OK) {
        bl_audio_finish(input);
        bl_audio_finish(target);
    }
    return status;
}
