// SPDX-License-Identifier: MIT
// What JACK calls. RT runs process(); NOTIFY (all other callbacks) stores atomics and writes an
// eventfd, nothing else. No callback ever calls back into the server.

#include "jack_parts.h"

#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

// RT ------------------------------------------------------------------------------------------

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/// The input for the tuner. What finds no room is not heard: MAIN looks at the latest anyway.
static void tap(bl_ring *ring, const float *in, jack_nframes_t frames)
{
    bl_tuner_block block;
    const jack_nframes_t most = sizeof block.samples / sizeof *block.samples;
    for (jack_nframes_t at = 0; at < frames; at += block.count) {
        block.count = frames - at < most ? frames - at : most;
        memcpy(block.samples, in + at, block.count * sizeof *in);
        bl_ring_write(ring, &block);
    }
}

static void run(bl_jack *jack, const bl_jack_program *p, jack_nframes_t frames, bl_pulse *pulse,
                bool freewheel)
{
    const float *in = jack_port_get_buffer(jack->ports[BL_JACK_IN], frames);
    float *left = jack_port_get_buffer(jack->ports[BL_JACK_OUT_LEFT], frames);
    float *right = jack_port_get_buffer(jack->ports[BL_JACK_OUT_RIGHT], frames);
    float *send = jack_port_get_buffer(jack->ports[BL_JACK_SEND], frames);
    void *midi_out = jack_port_get_buffer(jack->ports[BL_JACK_MIDI_OUT], frames);

    if (p != NULL && p->engine != NULL) {
        if (p->demo != NULL) {
            bl_demo_read(p->demo, left, frames);
            in = left;
        }
        if (pulse != NULL && atomic_load_explicit(&pulse->tuner_on, memory_order_relaxed)) {
            tap(pulse->tuner, in, frames);
        }
        if (freewheel) {
            bl_engine_play_whole(p->engine);
        }
        bl_engine_process_stereo(p->engine, in, left, right, frames);
    } else {
        memset(left, 0, frames * sizeof *left);
        memset(right, 0, frames * sizeof *right);
    }
    memset(send, 0, frames * sizeof *send);
    jack_midi_clear_buffer(midi_out);
}

static void wake(bl_pulse *pulse)
{
    // A full counter means that MAIN is awake already.
    const int written = eventfd_write(pulse->wake_fd, 1);
    (void)written;
}

/// Hears what has come over MIDI in this period, and wakes MAIN for it.
static void listen(bl_jack *jack, bl_pulse *pulse, jack_nframes_t frames)
{
    void *midi_in = jack_port_get_buffer(jack->ports[BL_JACK_MIDI_IN], frames);
    const uint32_t count = jack_midi_get_event_count(midi_in);
    bl_midi_intake *midi = pulse->midi;
    for (uint32_t i = 0; i < count; i++) {
        jack_midi_event_t event;
        if (jack_midi_event_get(&event, midi_in, i) == 0) {
            bl_midi_intake_put(midi, event.buffer, event.size);
        }
    }
    bl_midi_event program;
    if (bl_midi_intake_end(midi, &program)) {
        // At once, not by way of MAIN, which only hears what was chosen.
        if (pulse->stage != NULL) {
            bl_programs_choose(pulse->programs, pulse->stage, &program);
        }
        bl_midi_intake_tell(midi, &program);
    }
    if (count > 0) {
        wake(pulse);
    }
}

/// RT before its first cycle, and before it has its priority.
static void on_thread_start(void *argument)
{
    bl_jack *jack = argument;
    bl_pulse *pulse = atomic_load_explicit(&jack->pulse, memory_order_acquire);
    if (pulse != NULL) {
        atomic_store_explicit(&pulse->thread, gettid(), memory_order_relaxed);
    }
}

/// Tells the engine of cycles that never came. What has been heard meanwhile decides where the
/// sound goes on: jackd gives the card the last period that a client wrote, once more if that
/// client was late, and after the silence of a card that had to be started again; PipeWire leaves a
/// late client out. Frames count through what was lost on both. In freewheel nothing is, and
/// leaving it is no gap either.
static void heed_gap(bl_jack *jack, bl_engine *engine, jack_nframes_t frames, bool freewheel)
{
    const jack_nframes_t now = jack_last_frame_time(jack->client);
    if (engine != NULL && jack->has_next_frame && !freewheel && now != jack->next_frame) {
        bl_engine_report_gap(engine, jack->repeats);
    }
    jack->has_next_frame = !freewheel;
    jack->next_frame = now + frames;
}

static int process(jack_nframes_t frames, void *argument)
{
    bl_jack *jack = argument;
    atomic_fetch_add_explicit(&jack->turn, 1, memory_order_seq_cst);
    bl_pulse *pulse = atomic_load_explicit(&jack->pulse, memory_order_seq_cst);
    const bl_jack_program *p = atomic_load_explicit(&jack->current, memory_order_seq_cst);
    const bool freewheel =
        pulse != NULL && atomic_load_explicit(&pulse->freewheel, memory_order_relaxed);
    const uint64_t start = now_ns();

    if (pulse != NULL && pulse->midi != NULL) {
        listen(jack, pulse, frames);
    }
    if (freewheel && p != NULL && p->engine != NULL && pulse->settle != NULL) {
        pulse->settle(pulse->settle_argument);
    }
    heed_gap(jack, p != NULL ? p->engine : NULL, frames, freewheel);
    run(jack, p, frames, pulse, freewheel);

    if (pulse != NULL) {
        const uint64_t busy = now_ns() - start;
        const uint32_t rate = atomic_load_explicit(&jack->rate_hz, memory_order_relaxed);
        const uint64_t ppm = frames > 0 ? busy * rate / frames / 1000 : 0;
        if (p != NULL && p->engine != NULL) {
            atomic_store_explicit(&pulse->own_latency_frames, bl_engine_latency_frames(p->engine),
                                  memory_order_relaxed);
            if (!freewheel) {
                bl_engine_report_load(p->engine, (double)ppm * 1e-6, frames);
            }
        }
        if (ppm > atomic_load_explicit(&pulse->max_ppm, memory_order_relaxed)) {
            atomic_store_explicit(&pulse->max_ppm, ppm, memory_order_relaxed);
        }
        atomic_fetch_add_explicit(&pulse->busy_ns, busy, memory_order_relaxed);
        atomic_fetch_add_explicit(&pulse->frames, frames, memory_order_relaxed);
        atomic_fetch_add_explicit(&pulse->cycles, 1, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&jack->turn, 1, memory_order_seq_cst);
    return 0;
}

// NOTIFY --------------------------------------------------------------------------------------

static void tell(bl_pulse *pulse, uint32_t news)
{
    atomic_fetch_or_explicit(&pulse->news, news, memory_order_release);
    wake(pulse);
}

static bl_pulse *pulse_of(void *argument)
{
    bl_jack *jack = argument;
    return atomic_load_explicit(&jack->pulse, memory_order_acquire);
}

static int on_buffer_size(jack_nframes_t frames, void *argument)
{
    bl_pulse *pulse = pulse_of(argument);
    if (pulse != NULL) {
        atomic_store_explicit(&pulse->period, frames, memory_order_relaxed);
        tell(pulse, BL_NEWS_FORMAT);
    }
    return 0;
}

static int on_sample_rate(jack_nframes_t rate_hz, void *argument)
{
    bl_jack *jack = argument;
    bl_pulse *pulse = pulse_of(argument);
    atomic_store_explicit(&jack->rate_hz, rate_hz, memory_order_relaxed);
    if (pulse != NULL) {
        atomic_store_explicit(&pulse->rate_hz, rate_hz, memory_order_relaxed);
        tell(pulse, BL_NEWS_FORMAT);
    }
    return 0;
}

static int on_xrun(void *argument)
{
    bl_pulse *pulse = pulse_of(argument);
    if (pulse != NULL) {
        atomic_fetch_add_explicit(&pulse->xruns, 1, memory_order_relaxed);
        tell(pulse, BL_NEWS_XRUN);
    }
    return 0;
}

static void on_freewheel(int starting, void *argument)
{
    bl_pulse *pulse = pulse_of(argument);
    if (pulse != NULL) {
        // In this order: MAIN, which settles, looks at the second one first.
        atomic_store(&pulse->unsettled, starting != 0);
        atomic_store(&pulse->freewheel, starting != 0);
        tell(pulse, BL_NEWS_WHEEL);
    }
}

/// Range of both outs together; an unconnected one does not count.
static jack_latency_range_t outs_range(bl_jack *jack)
{
    jack_latency_range_t both = {0, 0};
    bool any = false;
    for (int i = BL_JACK_OUT_LEFT; i <= BL_JACK_OUT_RIGHT; i++) {
        jack_latency_range_t range = {0, 0};
        if (jack_port_connected(jack->ports[i]) == 0) {
            continue;
        }
        jack_port_get_latency_range(jack->ports[i], JackPlaybackLatency, &range);
        both.min = !any || range.min < both.min ? range.min : both.min;
        both.max = !any || range.max > both.max ? range.max : both.max;
        any = true;
    }
    return both;
}

/// Capture latency travels from `in` to the outs, playback latency from the outs to `in`; both grow
/// by our own real delay and by nothing else. What comes over MIDI may act at the end of the chain
/// (mute, another rig) or before it, so it is heard with and without that delay.
static void on_latency(jack_latency_callback_mode_t mode, void *argument)
{
    bl_jack *jack = argument;
    bl_pulse *pulse = pulse_of(argument);
    if (pulse == NULL) {
        return;
    }
    const uint32_t own = atomic_load_explicit(&pulse->own_latency_frames, memory_order_relaxed);
    jack_latency_range_t range = {0, 0};
    if (mode == JackCaptureLatency) {
        jack_port_get_latency_range(jack->ports[BL_JACK_IN], mode, &range);
        atomic_store_explicit(&pulse->capture_latency_frames, range.max, memory_order_relaxed);
        range.min += own;
        range.max += own;
        jack_port_set_latency_range(jack->ports[BL_JACK_OUT_LEFT], mode, &range);
        jack_port_set_latency_range(jack->ports[BL_JACK_OUT_RIGHT], mode, &range);
        jack_port_get_latency_range(jack->ports[BL_JACK_MIDI_IN], mode, &range);
        jack_port_set_latency_range(jack->ports[BL_JACK_MIDI_OUT], mode, &range);
    } else {
        range = outs_range(jack);
        atomic_store_explicit(&pulse->playback_latency_frames, range.max, memory_order_relaxed);
        range.max += own;
        jack_port_set_latency_range(jack->ports[BL_JACK_MIDI_IN], mode, &range);
        range.min += own;
        jack_port_set_latency_range(jack->ports[BL_JACK_IN], mode, &range);
    }
    tell(pulse, BL_NEWS_LATENCY);
}

static void tell_ports(void *argument)
{
    bl_pulse *pulse = pulse_of(argument);
    if (pulse != NULL) {
        tell(pulse, BL_NEWS_PORTS);
    }
}

static void on_port_registration(jack_port_id_t port, int came, void *argument)
{
    bl_pulse *pulse = pulse_of(argument);
    if (pulse != NULL && came != 0) {
        const uint32_t count = atomic_load_explicit(&pulse->came_count, memory_order_relaxed);
        atomic_store_explicit(&pulse->came[count % BL_PULSE_CAME], port, memory_order_relaxed);
        atomic_store_explicit(&pulse->came_count, count + 1, memory_order_release);
    }
    tell_ports(argument);
}

static void on_port_connect(jack_port_id_t a, jack_port_id_t b, int connected, void *argument)
{
    (void)a;
    (void)b;
    (void)connected;
    tell_ports(argument);
}

static void on_property_change(jack_uuid_t subject, const char *key, jack_property_change_t change,
                               void *argument)
{
    (void)subject;
    (void)key;
    (void)change;
    tell_ports(argument);
}

/// Words of another program: plain characters only, cut where the room ends.
static void copy_words(const char *words, char copy[BL_PULSE_REASON_MAX])
{
    size_t count = 0;
    for (; words != NULL && words[count] != '\0' && count < BL_PULSE_REASON_MAX - 1; count++) {
        copy[count] = (char)(words[count] >= ' ' && words[count] <= '~' ? words[count] : '?');
    }
    copy[count] = '\0';
}

/// To be treated like a signal handler: the server is gone, this thread may not even close.
static void on_shutdown(jack_status_t code, const char *reason, void *argument)
{
    (void)code;
    bl_jack *jack = argument;
    bl_pulse *pulse = pulse_of(argument);
    if (pulse != NULL && atomic_load(&pulse->lost_epoch) != jack->epoch) {
        copy_words(reason, pulse->lost_reason);
        atomic_store_explicit(&pulse->lost_epoch, jack->epoch, memory_order_release);
        tell(pulse, BL_NEWS_LOST);
    }
}

void bl_jack_set_callbacks(bl_jack *jack)
{
    jack_set_thread_init_callback(jack->client, on_thread_start, jack);
    jack_set_process_callback(jack->client, process, jack);
    jack_set_buffer_size_callback(jack->client, on_buffer_size, jack);
    jack_set_sample_rate_callback(jack->client, on_sample_rate, jack);
    jack_set_xrun_callback(jack->client, on_xrun, jack);
    jack_set_freewheel_callback(jack->client, on_freewheel, jack);
    jack_set_latency_callback(jack->client, on_latency, jack);
    jack_set_port_registration_callback(jack->client, on_port_registration, jack);
    jack_set_port_connect_callback(jack->client, on_port_connect, jack);
    jack_set_property_change_callback(jack->client, on_property_change, jack);
    jack_on_info_shutdown(jack->client, on_shutdown, jack);
}
