// SPDX-License-Identifier: MIT
// The hand-set overdrive: a signal path laid through the residual stream of wavenet_amp, one
// channel per point of the circuit. A block's tanh is a tube stage where it is driven hard, and
// nearly a wire where the signal is kept small; its three taps are a filter of that dilation.

#include "hand_set.h"

#include <math.h>
#include <string.h>

enum {
    CHANNELS = 16,
    BLOCKS = 6,
    KERNEL = 3,
    BLOCK_WEIGHTS = CHANNELS * CHANNELS * KERNEL + CHANNELS,
    WEIGHTS = 2 * CHANNELS + BLOCKS * BLOCK_WEIGHTS + CHANNELS + 1,
};

// Points of the circuit; each is a channel of the residual stream, the others stay silent.
enum { INPUT, FIRST_TUBE, SECOND_TUBE, SPEAKER, LOWS, REFLECTION };

typedef struct amp_circuit {
    float weights[WEIGHTS]; // in the order of the native tensors
    double rest[CHANNELS];  // what each channel holds in silence
} amp_circuit;

// channel `to` = tanh(bias + gain * sum over taps of taps[t] * (channel `from` - its rest)), by
// block `block`; taps run from the current sample backwards, the tensors from the oldest.
static void add_stage(amp_circuit *circuit, int block, int from, int to, double gain,
                      const double taps[KERNEL], double bias)
{
    float *weights = circuit->weights + 2 * CHANNELS + block * BLOCK_WEIGHTS;
    double sum = 0.0;
    for (int tap = 0; tap < KERNEL; tap++) {
        weights[(to * CHANNELS + from) * KERNEL + KERNEL - 1 - tap] = (float)(gain * taps[tap]);
        sum += (double)(float)(gain * taps[tap]);
    }
    weights[CHANNELS * CHANNELS * KERNEL + to] = (float)(bias - sum * circuit->rest[from]);
    circuit->rest[to] = tanh(bias);
}

static void add_output(amp_circuit *circuit, int from, double gain)
{
    float *weights = circuit->weights + 2 * CHANNELS + BLOCKS * BLOCK_WEIGHTS;
    weights[from] = (float)gain; // of channels that rest at zero only, so no bias is needed
}

static void lay_out(amp_circuit *circuit)
{
    // Small enough for tanh to be a wire: 0.1^3 / 3 is 0.3 % of 0.1.
    const double wire = 0.1;
    // cos^2(pi f d / rate): zeros at rate / 2d; in cascade over d = 1, 2, 4 a speaker's fall.
    static const double soften[KERNEL] = {0.25, 0.5, 0.25};
    static const double brighten[KERNEL] = {1.0, -0.45, 0.0}; // less bass into the drive
    static const double average[KERNEL] = {1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0};
    static const double delayed[KERNEL] = {0.0, 0.5, 0.5};

    memset(circuit, 0, sizeof *circuit);
    circuit->weights[INPUT] = 1.0F;
    // Two stages, biased to opposite sides as tubes in a row are: even harmonics, soft knees.
    add_stage(circuit, 0, INPUT, FIRST_TUBE, 9.0, brighten, 0.35);
    add_stage(circuit, 1, FIRST_TUBE, SECOND_TUBE, 1.6, soften, -0.25);
    add_stage(circuit, 2, SECOND_TUBE, SPEAKER, wire, soften, 0.0);
    // Mean over 0.67 ms: the lows, of which the output takes some away.
    add_stage(circuit, 4, SPEAKER, LOWS, 1.0, average, 0.0);
    // What the box sends back 0.67 and 1.33 ms later.
    add_stage(circuit, 5, SPEAKER, REFLECTION, 1.0, delayed, 0.0);
    add_output(circuit, INPUT, 0.10);
    add_output(circuit, SPEAKER, 0.30 / wire);
    add_output(circuit, LOWS, -0.12 / wire);
    add_output(circuit, REFLECTION, -0.06 / wire);
}

bl_config bl_hand_set_config(void)
{
    bl_config config = bl_config_default();
    config.model = (bl_config_model){.type = BL_CONFIG_WAVENET_AMP,
                                     .causal = true,
                                     .channels = CHANNELS,
                                     .num_layers = BLOCKS,
                                     .kernel_size = KERNEL,
                                     .dilation_base = 2,
                                     .activation = BL_CONFIG_TANH};
    config.data.sample_rate_hz = 48000.0;
    return config;
}

bl_status bl_hand_set_create(bl_model **model, bl_error *error)
{
    amp_circuit circuit;
    lay_out(&circuit);
    bl_config config = bl_hand_set_config();
    return bl_model_from_config(&config, circuit.weights, WEIGHTS, BL_HAND_SET_NAME, model, error);
}
