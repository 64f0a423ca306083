// SPDX-License-Identifier: MIT
// A small circuit of resistors, capacitors and tubes, run sample by sample: node voltages by
// Newton's method, capacitors by the trapezoidal rule (nodal analysis as in SPICE: L. Nagel,
// UCB/ERL M520, 1975). No randomness: the same input gives the same output.

#ifndef BACKLINE_SHARE_CIRCUIT_H
#define BACKLINE_SHARE_CIRCUIT_H

#include "tube.h"

#include <stdbool.h>
#include <stddef.h>

enum { BL_CIRCUIT_NODES = 12 };

/// Nodes 0, 1, 2 ... are solved for; these have a voltage that is given.
enum {
    BL_GROUND = BL_CIRCUIT_NODES,
    BL_INPUT,
    BL_SUPPLY,
    BL_BIAS,
    BL_FEEDBACK,
    BL_CIRCUIT_ALL_NODES
};

typedef enum bl_part_kind {
    BL_PART_RESISTOR,  ///< between a and b, ohms
    BL_PART_CAPACITOR, ///< between a and b, farads
    BL_PART_CORE,      ///< a transformer's core between a and b: henries, saturating at `limit` Wb
    BL_PART_TRIODE,    ///< grid a, plate b, cathode c
    /// Two pentodes into the halves of a transformer's primary: grids a and b, and c, half the
    /// voltage from plate to plate. Cathodes are at ground, screens and centre tap at the supply.
    BL_PART_PUSH_PULL,
} bl_part_kind;

typedef struct bl_part {
    bl_part_kind kind;
    int a, b, c;
    double value, limit;
    const bl_triode *triode;
    const bl_pentode *pentode;
} bl_part;

/// Voltages of the given nodes.
typedef struct bl_circuit_input {
    double input, supply, bias, feedback;
} bl_circuit_input;

typedef struct bl_circuit bl_circuit;

/// `parts` must stay alive. NULL if memory is short. Owns: the caller.
bl_circuit *bl_circuit_create(const bl_part *parts, size_t count, double rate_hz);

/// NULL is allowed.
void bl_circuit_destroy(bl_circuit *circuit);

/// Brings the circuit to rest: the steady state under a constant input. False if none is found.
bool bl_circuit_settle(bl_circuit *circuit, const bl_circuit_input *input);

/// One sample. False if no solution is found, which leaves the last one.
bool bl_circuit_step(bl_circuit *circuit, const bl_circuit_input *input);

/// Of any node, after the last step.
double bl_circuit_voltage(const bl_circuit *circuit, int node);

/// What the tubes drew from the supply in the last step, amperes.
double bl_circuit_supply_current(const bl_circuit *circuit);

#endif
