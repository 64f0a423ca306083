// SPDX-License-Identifier: MIT
// The choice between stretching and resampling, and the resamplers' state.
//
// Stretching a feed-forward net by k runs k copies of it, interleaved, each at the model's rate.
// For a signal below the model's Nyquist frequency each copy hears proper samples, so that its
// answer is the model's; what the model alone would fold down to audible frequencies comes out
// where it belongs, above them; and there is no delay. That needs a model whose Nyquist frequency
// is above hearing, since the response repeats there, mirrored. It costs k times the work per
// second.

#include "setup/resampled.h"

#include "rt/resampled.h"
#include "setup/slim.h"

#include <math.h>

/// speexdsp: 80 taps at the lower of the two rates. Measured for both directions together: flat
/// within 0.01 dB to 18 kHz, images and aliases below -100 dB, 1.84 ms between 44.1 and 48 kHz.
enum { QUALITY = 5 };

/// Lowest rate of a model that is stretched.
#define STRETCH_RATE_MIN_HZ 40000.0

/// How far from a whole multiple, or from the model's rate, still counts as such: less than any
/// clock is off, so a wrong pitch of a hundredth of a cent.
#define RATE_TOLERANCE 1e-5

static void destroy_resampler(void *resampler)
{
    speex_resampler_destroy(resampler);
}

static SpeexResamplerState *open_resampler(double from_hz, double to_hz)
{
    return speex_resampler_init(1, (spx_uint32_t)lround(from_hz), (spx_uint32_t)lround(to_hz),
                                QUALITY, NULL);
}

static SpeexResamplerState *make_resampler(double from_hz, double to_hz, bl_arena *arena)
{
    SpeexResamplerState *made = open_resampler(from_hz, to_hz);
    if (made != NULL && !bl_arena_defer(arena, destroy_resampler, made)) {
        speex_resampler_destroy(made);
        made = NULL;
    }
    return made;
}

// What the net gives for silence, and back to where it was.
static float steady_output(bl_resampled_net *made)
{
    made->inner->process(made->inner, made->in, made->out, 1);
    made->inner->reset(made->inner);
    return made->out[0];
}

// Frames after which both grids are where they were.
static uint32_t grid_frames(SpeexResamplerState *down)
{
    spx_uint32_t per_grid, model_frames;
    speex_resampler_get_ratio(down, &per_grid, &model_frames);
    return per_grid;
}

// Longest grid that a reset is ready to walk along.
enum { GRID_MAX_FRAMES = 1024 };

typedef struct {
    uint32_t frames;                           // at the rate around the net
    uint32_t early_model_frames, early_frames; // as in bl_resampled_net
} delay;

// Of both directions and the net between them. Output k of the second resampler lies at model frame
// k m / e. With `early_frames` dropped after `early_model_frames` of silence, that is d m / e
// behind what the net has been given, less the model frames that pass in the net and the resampler:
// so d frames whole, the least that is enough. Rates with a longer grid are left off by up to half
// a frame.
static delay whole_delay(SpeexResamplerState *down, SpeexResamplerState *up, const bl_net *inner)
{
    spx_uint32_t m, e;
    speex_resampler_get_ratio(up, &m, &e);
    const uint64_t model_frames =
        (uint64_t)speex_resampler_get_input_latency(up) + inner->latency_frames;
    const uint32_t first = (uint32_t)speex_resampler_get_input_latency(down);
    if (e > GRID_MAX_FRAMES) {
        return (delay){.frames = first + (uint32_t)((model_frames * e + m / 2) / m)};
    }
    const uint64_t second = (model_frames * e + m - 1) / m, early = (e - second % e) % e;
    return (delay){.frames = first + (uint32_t)second,
                   .early_model_frames = (uint32_t)((early + second) / e * m - model_frames),
                   .early_frames = (uint32_t)early};
}

static bl_status wrap(bl_net *inner, double rate_hz, double model_hz, const bl_net_request *request,
                      bl_arena *arena, bl_net **net, bl_error *error)
{
    const double ratio = rate_hz / model_hz;
    const size_t room = (size_t)ceil(BL_INNER_FRAMES / ratio) + 2 * (size_t)ceil(1.0 / ratio) + 3;
    bl_resampled_net *made = bl_arena_take(arena, 1, sizeof *made);
    float *blocks = bl_arena_take(arena, 2 * (size_t)BL_NET_STRIDE, sizeof *blocks);
    float *fifo = bl_arena_take(arena, room, sizeof *fifo);
    SpeexResamplerState *down = make_resampler(rate_hz, model_hz, arena);
    SpeexResamplerState *up = make_resampler(model_hz, rate_hz, arena);
    if (made == NULL || blocks == NULL || fifo == NULL || down == NULL || up == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory to resample it",
                            request->name);
    }
    const delay late = whole_delay(down, up, inner);
    *made = (bl_resampled_net){
        .net = {.process = bl_resampled_net_process,
                .reset = bl_resampled_net_reset,
                .in_channels = 1,
                .out_channels = 1,
                .latency_frames = late.frames,
                .grid_frames = grid_frames(down),
                .kernel = inner->kernel},
        .inner = inner,
        .down = down,
        .up = up,
        .in = blocks,
        .out = blocks + BL_NET_STRIDE,
        .made = fifo,
        .made_room = (uint32_t)room,
        .early_model_frames = late.early_model_frames,
        .early_frames = late.early_frames,
    };
    made->steady = steady_output(made);
    bl_resampled_net_reset(&made->net);
    *net = &made->net;
    return BL_STATUS_OK;
}

static bl_status build_mono(const bl_arch *arch, const bl_net_request *request, bl_arena *arena,
                            bl_net **net, bl_error *error)
{
    const bl_status status = bl_net_build(arch, request, arena, net, error);
    if (status == BL_STATUS_OK && ((*net)->in_channels != 1 || (*net)->out_channels != 1)) {
        return bl_error_set(error, BL_STATUS_UNSUPPORTED,
                            "%s: has %u inputs and %u outputs; only models with one of each can "
                            "be played",
                            request->name, (*net)->in_channels, (*net)->out_channels);
    }
    return status;
}

// How often the model's rate fits into the other; 0: not at all, or not by stretching.
static uint32_t stretch_factor(const bl_arch *arch, double ratio, double quality)
{
    const double multiple = round(ratio);
    const bool fits = multiple >= 2.0 && fabs(ratio - multiple) <= RATE_TOLERANCE * multiple &&
                      arch->sample_rate_hz >= STRETCH_RATE_MIN_HZ;
    return fits && bl_arch_stretches(arch, quality) ? (uint32_t)multiple : 0;
}

bl_status bl_net_build_at(const bl_arch *arch, double sample_rate_hz, const bl_net_request *request,
                          bl_arena *arena, bl_net **net, bl_error *error)
{
    const double model_hz = arch->sample_rate_hz, ratio = sample_rate_hz / model_hz;
    bl_net_request adapted = *request;
    adapted.stretch = stretch_factor(arch, ratio, request->quality);
    bl_net *made;
    const bl_status status = build_mono(arch, &adapted, arena, &made, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    if (adapted.stretch == 0 && fabs(ratio - 1.0) > RATE_TOLERANCE) {
        return wrap(made, sample_rate_hz, model_hz, request, arena, net, error);
    }
    *net = made;
    return BL_STATUS_OK;
}

bool bl_net_latency_at(const bl_arch *arch, const bl_net *own, double sample_rate_hz,
                       uint32_t *frames)
{
    const double model_hz = arch->sample_rate_hz, ratio = sample_rate_hz / model_hz;
    const uint32_t stretch = stretch_factor(arch, ratio, 1.0);
    if (stretch > 0 || fabs(ratio - 1.0) <= RATE_TOLERANCE) {
        *frames = own->latency_frames * (stretch > 0 ? stretch : 1);
        return true;
    }
    SpeexResamplerState *down = open_resampler(sample_rate_hz, model_hz);
    SpeexResamplerState *up = open_resampler(model_hz, sample_rate_hz);
    const bool made = down != NULL && up != NULL;
    if (made) {
        *frames = whole_delay(down, up, own).frames;
    }
    if (down != NULL) {
        speex_resampler_destroy(down);
    }
    if (up != NULL) {
        speex_resampler_destroy(up);
    }
    return made;
}
