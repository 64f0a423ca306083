// SPDX-License-Identifier: MIT
#include "circuit.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_PATIENT = 3, STEPS_RUNNING = 60, STEPS_SETTLING = 2000 };
// Newton ends when no node moves further. It converges quadratically: what is left is far smaller.
static const double close_v = 1e-4;
static const double leap_v = 4.0;        // nor does any node move further than this in one step
static const double leak_s = 1e-12;      // to ground at every node, so that none floats
static const double shorted_s = 1e3;     // what a core is to direct current
static const double core_exponent = 7.0; // how sharply a core saturates

// What a capacitor or a core remembers: voltage and current of the last step, and a core's flux.
typedef struct memory {
    double voltage, current, flux;
} memory;

struct bl_circuit {
    const bl_part *parts;
    size_t count;
    int nodes;
    double rate_hz;
    bool at_rest; // capacitors open and cores shorted: the search for the steady state
    double voltages[BL_CIRCUIT_ALL_NODES], before[BL_CIRCUIT_NODES];
    double drawn;
    // One step's linear system, slopes * change = -excess. Given nodes have rows that nobody reads.
    double slopes[BL_CIRCUIT_ALL_NODES][BL_CIRCUIT_ALL_NODES], excess[BL_CIRCUIT_ALL_NODES];
    double factors[BL_CIRCUIT_ALL_NODES][BL_CIRCUIT_ALL_NODES];
    int pivots[BL_CIRCUIT_NODES];
    bool factored;
    double fixed[BL_CIRCUIT_ALL_NODES][BL_CIRCUIT_ALL_NODES]; // slopes of resistors, capacitors
    memory memories[];
};

static void between(double slopes[][BL_CIRCUIT_ALL_NODES], int a, int b, double conductance)
{
    slopes[a][a] += conductance;
    slopes[b][b] += conductance;
    slopes[a][b] -= conductance;
    slopes[b][a] -= conductance;
}

// A current from a to b.
static void flow(bl_circuit *c, int a, int b, double current)
{
    c->excess[a] += current;
    c->excess[b] -= current;
}

static double across(const bl_circuit *c, const bl_part *p)
{
    return c->voltages[p->a] - c->voltages[p->b];
}

static double capacitor_slope(const bl_circuit *c, const bl_part *p)
{
    return c->at_rest ? 0.0 : 2.0 * p->value * c->rate_hz;
}

static void stamp_fixed(bl_circuit *c)
{
    memset(c->fixed, 0, sizeof c->fixed);
    for (int n = 0; n < c->nodes; n++) {
        c->fixed[n][n] = leak_s;
    }
    for (size_t i = 0; i < c->count; i++) {
        const bl_part *p = &c->parts[i];
        if (p->kind == BL_PART_RESISTOR) {
            between(c->fixed, p->a, p->b, 1.0 / p->value);
        } else if (p->kind == BL_PART_CAPACITOR) {
            between(c->fixed, p->a, p->b, capacitor_slope(c, p));
        }
    }
}

// The flux after this step, by the trapezoidal rule.
static double core_flux(const bl_circuit *c, const bl_part *p, const memory *m)
{
    return m->flux + 0.5 * (m->voltage + across(c, p)) / c->rate_hz;
}

static double core_current(const bl_part *p, double flux)
{
    return flux / p->value * (1.0 + pow(fabs(flux) / p->limit, core_exponent));
}

static void stamp_core(bl_circuit *c, const bl_part *p, const memory *m)
{
    if (c->at_rest) {
        flow(c, p->a, p->b, shorted_s * across(c, p));
        between(c->slopes, p->a, p->b, shorted_s);
        return;
    }
    const double flux = core_flux(c, p, m);
    const double bend = pow(fabs(flux) / p->limit, core_exponent);
    flow(c, p->a, p->b, core_current(p, flux));
    between(c->slopes, p->a, p->b,
            (1.0 + (core_exponent + 1.0) * bend) / (2.0 * p->value * c->rate_hz));
}

static void stamp_triode(bl_circuit *c, const bl_part *p)
{
    const double *v = c->voltages;
    const int g = p->a, a = p->b, k = p->c;
    const bl_triode_current i = bl_triode_at(p->triode, v[g] - v[k], v[a] - v[k]);
    flow(c, a, k, i.plate);
    flow(c, g, k, i.grid);
    c->slopes[a][g] += i.plate_by_grid;
    c->slopes[a][a] += i.plate_by_plate;
    c->slopes[a][k] -= i.plate_by_grid + i.plate_by_plate;
    c->slopes[g][g] += i.grid_by_grid;
    c->slopes[g][k] -= i.grid_by_grid;
    c->slopes[k][g] -= i.plate_by_grid + i.grid_by_grid;
    c->slopes[k][a] -= i.plate_by_plate;
    c->slopes[k][k] += i.plate_by_grid + i.plate_by_plate + i.grid_by_grid;
}

static void stamp_push_pull(bl_circuit *c, const bl_part *p)
{
    const double *v = c->voltages;
    const double supply = v[BL_SUPPLY], swing = v[p->c];
    const bl_pentode_current push = bl_pentode_at(p->pentode, v[p->a], supply - swing, supply);
    const bl_pentode_current pull = bl_pentode_at(p->pentode, v[p->b], supply + swing, supply);
    flow(c, p->a, BL_GROUND, push.grid);
    flow(c, p->b, BL_GROUND, pull.grid);
    flow(c, BL_SUPPLY, p->c, push.plate - pull.plate);
    c->slopes[p->a][p->a] += push.grid_by_grid;
    c->slopes[p->b][p->b] += pull.grid_by_grid;
    c->slopes[p->c][p->a] -= push.plate_by_grid;
    c->slopes[p->c][p->b] += pull.plate_by_grid;
    c->slopes[p->c][p->c] += push.plate_by_plate + pull.plate_by_plate;
    c->drawn += push.plate + pull.plate;
}

// The currents that nodes have too much of, and how they change with the voltages.
static void stamp(bl_circuit *c)
{
    memcpy(c->slopes, c->fixed, (size_t)c->nodes * sizeof c->slopes[0]);
    memset(c->excess, 0, sizeof c->excess);
    c->drawn = 0.0;
    for (int n = 0; n < c->nodes; n++) {
        c->excess[n] = leak_s * c->voltages[n];
    }
    for (size_t i = 0; i < c->count; i++) {
        const bl_part *p = &c->parts[i];
        const memory *m = &c->memories[i];
        switch (p->kind) {
        case BL_PART_RESISTOR:
            flow(c, p->a, p->b, across(c, p) / p->value);
            break;
        case BL_PART_CAPACITOR:
            if (!c->at_rest) {
                flow(c, p->a, p->b,
                     capacitor_slope(c, p) * (across(c, p) - m->voltage) - m->current);
            }
            break;
        case BL_PART_CORE:
            stamp_core(c, p, m);
            break;
        case BL_PART_TRIODE:
            stamp_triode(c, p);
            break;
        case BL_PART_PUSH_PULL:
            stamp_push_pull(c, p);
            break;
        }
    }
}

// Factors the slopes into triangles, in place, with row pivots.
static bool factor(bl_circuit *c)
{
    const int n = c->nodes;
    memcpy(c->factors, c->slopes, (size_t)n * sizeof c->factors[0]);
    for (int i = 0; i < n; i++) {
        int best = i;
        for (int r = i + 1; r < n; r++) {
            best = fabs(c->factors[r][i]) > fabs(c->factors[best][i]) ? r : best;
        }
        if (!(fabs(c->factors[best][i]) > 0.0)) {
            return false;
        }
        c->pivots[i] = best;
        for (int k = 0; best != i && k < n; k++) {
            const double kept = c->factors[i][k];
            c->factors[i][k] = c->factors[best][k];
            c->factors[best][k] = kept;
        }
        for (int r = i + 1; r < n; r++) {
            if (c->factors[r][i] != 0.0) {
                c->factors[r][i] /= c->factors[i][i];
                for (int k = i + 1; k < n; k++) {
                    c->factors[r][k] -= c->factors[r][i] * c->factors[i][k];
                }
            }
        }
    }
    return true;
}

// Turns the excess into the change that would remove it, were the circuit linear.
static void substitute(bl_circuit *c)
{
    const int n = c->nodes;
    for (int i = 0; i < n; i++) {
        const double kept = c->excess[c->pivots[i]];
        c->excess[c->pivots[i]] = c->excess[i];
        c->excess[i] = kept;
    }
    for (int i = 1; i < n; i++) {
        for (int k = 0; k < i; k++) {
            c->excess[i] -= c->factors[i][k] * c->excess[k];
        }
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++) {
            c->excess[i] -= c->factors[i][k] * c->excess[k];
        }
        c->excess[i] /= c->factors[i][i];
    }
}

// The slopes hardly change from sample to sample, so the factors of an earlier one do until the
// search is slow.
static bool newton(bl_circuit *c, int steps)
{
    for (int step = 0; step < steps; step++) {
        stamp(c);
        if (c->at_rest || !c->factored || step >= STEPS_PATIENT) {
            c->factored = factor(c);
            if (!c->factored) {
                return false;
            }
        }
        substitute(c);
        double furthest = 0.0;
        for (int n = 0; n < c->nodes; n++) {
            const double change = fmin(fmax(c->excess[n], -leap_v), leap_v);
            c->voltages[n] -= change;
            furthest = fmax(furthest, fabs(change));
        }
        if (furthest < close_v) {
            return true;
        }
    }
    return false;
}

static void give(bl_circuit *c, const bl_circuit_input *input)
{
    c->voltages[BL_GROUND] = 0.0;
    c->voltages[BL_INPUT] = input->input;
    c->voltages[BL_SUPPLY] = input->supply;
    c->voltages[BL_BIAS] = input->bias;
    c->voltages[BL_FEEDBACK] = input->feedback;
}

static void remember(bl_circuit *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const bl_part *p = &c->parts[i];
        memory *m = &c->memories[i];
        const double voltage = across(c, p);
        if (p->kind == BL_PART_CAPACITOR) {
            m->current = capacitor_slope(c, p) * (voltage - m->voltage) - m->current;
        } else if (p->kind == BL_PART_CORE) {
            m->flux = core_flux(c, p, m);
        }
        m->voltage = voltage;
    }
}

bl_circuit *bl_circuit_create(const bl_part *parts, size_t count, double rate_hz)
{
    bl_circuit *c = calloc(1, sizeof *c + count * sizeof *c->memories);
    if (c == NULL) {
        return NULL;
    }
    c->parts = parts;
    c->count = count;
    c->rate_hz = rate_hz;
    for (size_t i = 0; i < count; i++) {
        const int at[] = {parts[i].a, parts[i].b, parts[i].c};
        const int used = parts[i].kind >= BL_PART_TRIODE ? 3 : 2;
        for (int k = 0; k < used; k++) {
            if (at[k] < BL_CIRCUIT_NODES && at[k] >= c->nodes) {
                c->nodes = at[k] + 1;
            }
        }
    }
    return c;
}

void bl_circuit_destroy(bl_circuit *circuit)
{
    free(circuit);
}

bool bl_circuit_settle(bl_circuit *c, const bl_circuit_input *input)
{
    give(c, input);
    c->at_rest = true;
    stamp_fixed(c);
    const bool found = newton(c, STEPS_SETTLING);
    c->at_rest = c->factored = false;
    stamp_fixed(c);
    for (size_t i = 0; i < c->count; i++) {
        c->memories[i] = (memory){.voltage = across(c, &c->parts[i])};
    }
    memcpy(c->before, c->voltages, sizeof c->before);
    return found;
}

bool bl_circuit_step(bl_circuit *c, const bl_circuit_input *input)
{
    give(c, input);
    // Start where a straight line leads.
    for (int n = 0; n < c->nodes; n++) {
        const double now = c->voltages[n];
        c->voltages[n] += now - c->before[n];
        c->before[n] = now;
    }
    if (!newton(c, STEPS_RUNNING)) {
        memcpy(c->voltages, c->before, sizeof c->before);
        return false;
    }
    remember(c);
    return true;
}

double bl_circuit_voltage(const bl_circuit *c, int node)
{
    assert(node >= 0 && node < BL_CIRCUIT_ALL_NODES);
    return c->voltages[node];
}

double bl_circuit_supply_current(const bl_circuit *c)
{
    return c->drawn;
}
