// SPDX-License-Identifier: MIT

#include "train/pair.h"

#include "support/random.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

static bl_audio make(uint64_t frames)
{
    bl_audio made = {.samples = calloc((size_t)frames, sizeof(float)),
                     .frames = frames,
                     .sample_rate_hz = PAIR_RATE,
                     .file_channels = 1};
    assert(made.samples != NULL);
    return made;
}

static double gauss(random_source *source)
{
    double sum = 0.0;
    for (int i = 0; i < 12; i++) {
        sum += (double)random_float(source, -0.5f, 0.5f);
    }
    return sum;
}

// A plucked string: a looped delay whose losses dull it (Karplus & Strong 1983).
static void pluck(bl_audio *audio, uint64_t from, uint64_t frames, double hz, double level,
                  random_source *source)
{
    float loop[1024];
    const size_t length = (size_t)(PAIR_RATE / hz);
    assert(length < 1024);
    double dull = 0.0;
    for (size_t i = 0; i < length; i++) {
        dull += 0.5 * (gauss(source) - dull);
        loop[i] = (float)(level * dull);
    }
    for (uint64_t n = 0; n < frames && from + n < audio->frames; n++) {
        const size_t here = n % length, next = (n + 1) % length;
        const double release = n + 800 > frames ? (double)(frames - n) / 800.0 : 1.0;
        audio->samples[from + n] += (float)(release * (double)loop[here]);
        loop[here] = 0.996f * (0.55f * loop[here] + 0.45f * loop[next]);
    }
}

bl_audio pair_guitar(double seconds, uint64_t seed)
{
    random_source source = {seed};
    bl_audio made = make((uint64_t)(seconds * PAIR_RATE));
    uint64_t at = PAIR_RATE / 2;
    while (at < made.frames) {
        const uint64_t length = 4000 + random_below(&source, 30000);
        const uint32_t strings = random_below(&source, 4) == 0 ? 4 : 1;
        const double level = 0.02 * exp((double)random_float(&source, 0.0f, 2.5f));
        for (uint32_t s = 0; s < strings; s++) {
            const double note = (double)random_below(&source, 30) / 12.0;
            pluck(&made, at, length, 82.4 * exp2(note), level, &source);
        }
        at += length + (random_below(&source, 5) == 0 ? 20000 : 0);
    }
    for (uint64_t n = 0; n < made.frames; n++) {
        made.samples[n] += (float)(2e-5 * gauss(&source));
    }
    return made;
}

bl_audio pair_answer(const bl_audio *guitar, const pair_amp *amp, uint64_t seed)
{
    random_source source = {seed};
    bl_audio made = make(guitar->frames);
    const double high =
        amp->highpass_hz > 0.0 ? 1.0 - exp(-2.0 * pi * amp->highpass_hz / PAIR_RATE) : 0.0;
    const double low =
        amp->lowpass_hz > 0.0 ? 1.0 - exp(-2.0 * pi * amp->lowpass_hz / PAIR_RATE) : 1.0;
    const double turn = 2.0 * pi * amp->resonance_hz / PAIR_RATE, alpha = sin(turn) / 2.0;
    const double b0 = (1.0 - cos(turn)) / 2.0 / (1.0 + alpha);
    const double a1 = -2.0 * cos(turn) / (1.0 + alpha), a2 = (1.0 - alpha) / (1.0 + alpha);
    const double rest = tanh(amp->bias);
    double sum = 0.0, slow = 0.0, smooth = 0.0, x1 = 0.0, x2 = 0.0, y1 = 0.0, y2 = 0.0;
    for (uint64_t n = 0; n < guitar->frames; n++) {
        const double x = (double)guitar->samples[n];
        slow += high * (x - slow);
        const double bent = 0.4 * (tanh(amp->drive * (x - slow) + amp->bias) - rest);
        smooth += low * (bent - smooth);
        double y = smooth;
        if (amp->resonance_hz > 0.0) {
            y = b0 * (smooth + 2.0 * x1 + x2) - a1 * y1 - a2 * y2;
            x2 = x1;
            x1 = smooth;
            y2 = y1;
            y1 = y;
        }
        made.samples[n] = (float)(y + amp->noise * gauss(&source));
        sum += y;
    }
    for (uint64_t n = 0; n < made.frames; n++) { // through a capacitor
        made.samples[n] -= (float)(sum / (double)made.frames);
    }
    return made;
}

// A sinc of 128 taps under a Hann window, in double. Both waves go by recurrence.
static double between(const bl_audio *audio, double place)
{
    enum { REACH = 64 };
    const double whole = floor(place), first = place - whole + REACH - 1;
    const double step = pi / REACH, cosine = cos(step), sine = sin(pi * first);
    const long from = (long)whole - REACH + 1;
    double sum = 0.0, sign = 1.0, now = cos(step * first), before = cos(step * (first + 1.0));
    for (int i = 0; i < 2 * REACH; i++) {
        const double x = first - i;
        const double sinc = fabs(x) < 1e-9 ? 1.0 : sign * sine / (pi * x);
        if (from + i >= 0 && from + i < (long)audio->frames) {
            sum += (double)audio->samples[from + i] * sinc * (0.5 + 0.5 * now);
        }
        const double next = 2.0 * cosine * now - before;
        before = now;
        now = next;
        sign = -sign;
    }
    return sum;
}

bl_audio pair_delayed(const bl_audio *audio, double delay_frames, double drift_ppm)
{
    bl_audio made = make(audio->frames);
    const double rate = 1.0 + 1e-6 * drift_ppm;
    const bool whole = drift_ppm == 0.0 && delay_frames == floor(delay_frames);
    for (uint64_t n = 0; n < made.frames; n++) {
        const double place = ((double)n - delay_frames) / rate;
        if (place >= 0.0 && place <= (double)audio->frames - 1.0) {
            made.samples[n] = whole ? audio->samples[(size_t)place] : (float)between(audio, place);
        }
    }
    return made;
}

bl_audio pair_copy(const bl_audio *audio)
{
    bl_audio made = make(audio->frames);
    memcpy(made.samples, audio->samples, (size_t)audio->frames * sizeof(float));
    return made;
}
