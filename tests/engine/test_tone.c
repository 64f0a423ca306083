// SPDX-License-Identifier: MIT
// Tone controls and cuts: the stack's formula against the circuit solved node by node, the filters
// against their analog responses, exact transparency at noon and with the cuts off, turning a knob
// without a click, at every rate.

#include "rt/tone.h"
#include "support/engines.h"
#include "support/stages.h"

#include <complex.h>
#include <math.h>
#include <string.h>

enum { RATE = STAGES_RATE, FRAMES = 1 << 15 };

#define PI 3.14159265358979323846

static const double complex j = (double complex)I; // which is a float by itself

static float in[FRAMES], out[FRAMES], other[FRAMES];

// --- The circuit ---

enum { TOP, WIPER, LOWER, SLOPE, MIDDLE, TAP, NODES }; // of the stack

typedef struct circuit {
    double complex g[NODES][NODES], current[NODES];
} circuit;

static void join(circuit *c, int a, int b, double complex admittance)
{
    c->g[a][a] += admittance;
    c->g[b][b] += admittance;
    c->g[a][b] -= admittance;
    c->g[b][a] -= admittance;
}

static void to_input(circuit *c, int a, double complex admittance) // which is at 1 V
{
    c->g[a][a] += admittance;
    c->current[a] += admittance;
}

static double complex solve(circuit *c, int node)
{
    for (int p = 0; p < NODES; p++) {
        for (int r = 0; r < NODES; r++) {
            const double complex f = r == p ? 0.0 : c->g[r][p] / c->g[p][p];
            for (int k = 0; k < NODES; k++) {
                c->g[r][k] -= f * c->g[p][k];
            }
            c->current[r] -= f * c->current[p];
        }
    }
    return c->current[node] / c->g[node][node];
}

static double complex ohms(double r)
{
    return 1.0 / (r + 1e-3);
}

// Volts at the wiper of the treble control for 1 V in.
static double complex stack_by_nodes(double bass, double middle, double treble, double hz)
{
    const double complex s = 2.0 * PI * hz * j;
    const double t = treble / 10.0, m = middle / 10.0, l = exp(3.4 * (bass / 10.0 - 1.0));
    circuit c = {0};
    to_input(&c, TOP, s * 250e-12);
    join(&c, TOP, WIPER, ohms((1.0 - t) * 250e3));
    join(&c, WIPER, LOWER, ohms(t * 250e3));
    to_input(&c, SLOPE, ohms(56e3));
    join(&c, SLOPE, LOWER, s * 20e-9);
    join(&c, SLOPE, TAP, s * 20e-9);
    join(&c, LOWER, MIDDLE, ohms(l * 1e6));
    join(&c, MIDDLE, TAP, ohms((1.0 - m) * 25e3));
    c.g[TAP][TAP] += ohms(m * 25e3); // to ground
    return solve(&c, WIPER);
}

static double complex polynomial(const double *p, double complex s)
{
    return p[0] + s * (p[1] + s * (p[2] + s * p[3]));
}

static const double positions[] = {0.0, 1.5, 5.0, 8.0, 10.0};
enum { POSITIONS = sizeof positions / sizeof *positions };

static void test_formula_is_the_circuit(void **state)
{
    (void)state;
    for (int n = 0; n < POSITIONS * POSITIONS * POSITIONS; n++) {
        const double bass = positions[n % POSITIONS];
        const double middle = positions[n / POSITIONS % POSITIONS];
        const double treble = positions[n / POSITIONS / POSITIONS];
        double b[4], a[4];
        bl_tone_stack(bass, middle, treble, b, a);
        for (int k = 0; k < 18; k++) {
            const double hz = 20.0 * pow(1.5, k);
            const double complex s = 2.0 * PI * hz * j;
            const double complex got = polynomial(b, s) / polynomial(a, s);
            const double complex expected = stack_by_nodes(bass, middle, treble, hz);
            if (cabs(got - expected) > 1e-5) {
                fail_msg("bass %g middle %g treble %g, %g Hz: %g, the circuit has %g", bass, middle,
                         treble, hz, cabs(got), cabs(expected));
            }
        }
    }
}

// --- The filters ---

static double complex response(const bl_chain_config *config, double hz)
{
    bl_chain *chain = stages_chain(config);
    memset(in, 0, sizeof in);
    in[0] = 0.25F;
    stages_run(chain, in, out, FRAMES, 64);
    bl_chain_destroy(chain);
    double complex sum = 0.0;
    for (int i = 0; i < FRAMES; i++) {
        sum += (double)out[i] * cexp(-2.0 * PI * hz / config->sample_rate_hz * i * j);
    }
    return sum / 0.25;
}

static double in_db(double complex x)
{
    return 20.0 * log10(cabs(x));
}

// The bilinear transform moves a frequency; that is allowed for.
static double warped(double hz)
{
    return RATE / PI * tan(PI * hz / RATE);
}

static void test_knobs_do_what_the_stack_does(void **state)
{
    (void)state;
    static const double settings[][3] = {{10, 5, 5}, {0, 5, 5},  {5, 10, 5}, {5, 0, 5},
                                         {5, 5, 10}, {5, 5, 0},  {8, 2, 7},  {10, 10, 10},
                                         {2, 8, 3},  {0, 0, 10}, {0, 10, 0}};
    for (size_t n = 0; n < sizeof settings / sizeof *settings; n++) {
        bl_chain_config config = stages_config();
        for (int k = 0; k < 3; k++) {
            config.parameters[BL_PARAMETER_BASS + k] = settings[n][k];
        }
        for (int k = 0; k < 6; k++) {
            const double hz = 40.0 * pow(3.0, k);
            const double f = warped(hz);
            const double expected =
                in_db(stack_by_nodes(settings[n][0], settings[n][1], settings[n][2], f)) -
                in_db(stack_by_nodes(5, 5, 5, f));
            const double got = in_db(response(&config, hz));
            if (fabs(got - expected) > 0.05) {
                fail_msg("setting %zu, %g Hz: %+.2f dB, expected %+.2f", n, hz, got, expected);
            }
        }
    }
}

static void test_presence_is_a_shelf(void **state)
{
    (void)state;
    bl_chain_config config = stages_config();
    config.parameters[BL_PARAMETER_PRESENCE] = 10.0;
    assert_true(fabs(in_db(response(&config, 100.0))) < 0.1);
    assert_true(fabs(in_db(response(&config, 3500.0)) - 4.0) < 0.1); // half way
    assert_true(fabs(in_db(response(&config, 15000.0)) - 8.0) < 0.3);
    config.parameters[BL_PARAMETER_PRESENCE] = 0.0;
    assert_true(fabs(in_db(response(&config, 3500.0)) + 4.0) < 0.1);
}

static void test_cuts_are_butterworth(void **state)
{
    (void)state;
    bl_chain_config config = stages_config();
    config.parameters[BL_PARAMETER_LOW_CUT] = 120.0;
    config.parameters[BL_PARAMETER_HIGH_CUT] = 5000.0;
    assert_true(fabs(in_db(response(&config, 120.0)) + 3.01) < 0.05);
    assert_true(fabs(in_db(response(&config, 30.0)) + 24.1) < 0.3);
    assert_true(fabs(in_db(response(&config, 800.0))) < 0.05);
    assert_true(fabs(in_db(response(&config, 5000.0)) + 3.01) < 0.05);
    assert_true(in_db(response(&config, 10000.0)) < -12.0);
}

static void test_flat_changes_no_bit(void **state)
{
    (void)state;
    fill_noise(in, FRAMES, 5);
    for (int i = 0; i < FRAMES; i++) {
        in[i] *= 0.3F; // under the ceiling
    }
    bl_chain_config config = stages_config();
    bl_chain *chain = stages_chain(&config);
    stages_run(chain, in, out, FRAMES, 64);
    assert_memory_equal(out, in, sizeof in);
    bl_chain_destroy(chain);
    config.parameters[BL_PARAMETER_TREBLE] = 10.0;
    config.parameters[BL_PARAMETER_TONE_ON] = 0.0;
    chain = stages_chain(&config);
    stages_run(chain, in, out, FRAMES, 64);
    assert_memory_equal(out, in, sizeof in);
    bl_chain_destroy(chain);
}

// Turned back to noon it is transparent again, to the last bit, once the transient is over.
static void test_turned_back_it_is_flat_again(void **state)
{
    (void)state;
    fill_noise(in, FRAMES, 6);
    bl_chain_config config = stages_config();
    config.parameters[BL_PARAMETER_BASS] = 9.0;
    config.parameters[BL_PARAMETER_LOW_CUT] = 80.0;
    bl_chain *chain = stages_chain(&config);
    for (int i = 0; i < FRAMES; i++) {
        in[i] *= 0.3F;
    }
    stages_run(chain, in, out, 1000, 64);
    bl_chain_set_parameter(chain, BL_PARAMETER_BASS, 5.0);
    bl_chain_set_parameter(chain, BL_PARAMETER_LOW_CUT, 20.0);
    stages_run(chain, in, out, FRAMES, 64);
    assert_memory_not_equal(out, in, 1000 * sizeof *in);
    assert_memory_equal(out + FRAMES / 2, in + FRAMES / 2, FRAMES / 2 * sizeof *in);
    bl_chain_destroy(chain);
}

// Largest second difference: a click is a corner.
static double roughest(const float *samples, uint32_t from, uint32_t to)
{
    double largest = 0.0;
    for (uint32_t i = from; i < to; i++) {
        largest = fmax(largest, fabs((double)samples[i] - 2.0 * (double)samples[i - 1] +
                                     (double)samples[i - 2]));
    }
    return largest;
}

static void test_turning_does_not_click(void **state)
{
    (void)state;
    static const struct {
        bl_parameter parameter;
        double from, to;
    } turns[] = {{BL_PARAMETER_BASS, 0, 10},        {BL_PARAMETER_MIDDLE, 10, 0},
                 {BL_PARAMETER_TREBLE, 0, 10},      {BL_PARAMETER_PRESENCE, 10, 0},
                 {BL_PARAMETER_LOW_CUT, 20, 500},   {BL_PARAMETER_HIGH_CUT, 1000, 20000},
                 {BL_PARAMETER_TONE_ON, 1, 0},      {BL_PARAMETER_GATE_ON, 0, 1},
                 {BL_PARAMETER_INPUT_TRIM, -24, 0}, {BL_PARAMETER_LEVEL, 0, -60}};
    for (size_t n = 0; n < sizeof turns / sizeof *turns; n++) {
        bl_chain_config config = stages_config();
        config.parameters[BL_PARAMETER_MIDDLE] = 8.0; // for the switch
        config.parameters[turns[n].parameter] = turns[n].from;
        for (int i = 0; i < FRAMES; i++) {
            in[i] = 0.2F * (float)sin(2.0 * PI * 220.0 / RATE * i);
        }
        bl_chain *chain = stages_chain(&config);
        stages_run(chain, in, out, FRAMES / 2, 64);
        bl_chain_set_parameter(chain, turns[n].parameter, turns[n].to);
        stages_run(chain, in + FRAMES / 2, out + FRAMES / 2, FRAMES / 2, 64);
        bl_chain_destroy(chain);
        const uint32_t middle = FRAMES / 2;
        const double calm =
            fmax(roughest(out, middle - 1000, middle), roughest(out, FRAMES - 1000, FRAMES));
        const double turning = roughest(out, middle, middle + 4000);
        if (turning > 4.0 * calm) {
            fail_msg("%s: corners of %.2g, at rest %.2g", bl_parameter_get(turns[n].parameter)->key,
                     turning, calm);
        }
    }
}

static void test_every_rate_is_stable(void **state)
{
    (void)state;
    static const double rates[] = {8000, 22050, 44100, 96000, 192000, 768000};
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        random_source random = {r + 1};
        bl_chain_config config = stages_config();
        config.sample_rate_hz = rates[r];
        config.parameters[BL_PARAMETER_LEVEL] = -30.0; // the ceiling would hide what grows
        bl_chain *chain = stages_chain(&config);
        fill_noise(in, FRAMES, r);
        for (int n = 0; n < 20; n++) {
            for (int p = BL_PARAMETER_BASS; p <= BL_PARAMETER_HIGH_CUT; p++) {
                const bl_parameter_info *info = bl_parameter_get((bl_parameter)p);
                const float position = random_float(&random, -0.2F, 1.2F); // ends are likely
                bl_chain_set_parameter(chain, (bl_parameter)p,
                                       info->min + (double)position * (info->max - info->min));
            }
            stages_run(chain, in, out, FRAMES / 4, 64);
            for (int i = 0; i < FRAMES / 4; i++) {
                if (!(fabsf(out[i]) < 1.0F)) { // +30 dB
                    fail_msg("%g Hz, turn %d, frame %d: %g", rates[r], n, i, (double)out[i]);
                }
            }
        }
        bl_chain_destroy(chain);
    }
}

static void test_blocks_make_no_difference(void **state)
{
    (void)state;
    static const uint32_t blocks[] = {64, 1, 7, 33};
    fill_noise(in, FRAMES, 8);
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        bl_chain_config config = stages_config();
        config.parameters[BL_PARAMETER_GATE_ON] = 1.0;
        config.parameters[BL_PARAMETER_TREBLE] = 8.0;
        config.parameters[BL_PARAMETER_LOW_CUT] = 90.0;
        bl_chain *chain = stages_chain(&config);
        stages_run(chain, in, out, 1000, blocks[b]);
        bl_chain_set_parameter(chain, BL_PARAMETER_MIDDLE, 1.0);
        bl_chain_set_parameter(chain, BL_PARAMETER_HIGH_CUT, 4000.0);
        stages_run(chain, in + 1000, out + 1000, FRAMES - 1000, blocks[b]);
        bl_chain_destroy(chain);
        if (b == 0) {
            memcpy(other, out, sizeof out);
        }
        assert_memory_equal(out, other, sizeof out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formula_is_the_circuit),
        cmocka_unit_test(test_knobs_do_what_the_stack_does),
        cmocka_unit_test(test_presence_is_a_shelf),
        cmocka_unit_test(test_cuts_are_butterworth),
        cmocka_unit_test(test_flat_changes_no_bit),
        cmocka_unit_test(test_turned_back_it_is_flat_again),
        cmocka_unit_test(test_turning_does_not_click),
        cmocka_unit_test(test_every_rate_is_stable),
        cmocka_unit_test(test_blocks_make_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
