// SPDX-License-Identifier: MIT
// The circuits themselves. Values are those usual in amplifiers of each kind since the 1960s: a
// stage begins with what it sees of the one before (about 38 kilohms, a 12AX7's plate resistance
// beside 100 kilohms), then coupling capacitor, divider, grid with its Miller capacitance.

#include "amp.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define R(from, to, ohms)                                                                          \
    {                                                                                              \
        .kind = BL_PART_RESISTOR, .a = (from), .b = (to), .value = (ohms)                          \
    }
#define C(from, to, farads)                                                                        \
    {                                                                                              \
        .kind = BL_PART_CAPACITOR, .a = (from), .b = (to), .value = (farads)                       \
    }
#define CORE(from, to, henries, webers)                                                            \
    {                                                                                              \
        .kind = BL_PART_CORE, .a = (from), .b = (to), .value = (henries), .limit = (webers)        \
    }
#define TUBE(grid, plate, cathode)                                                                 \
    {                                                                                              \
        .kind = BL_PART_TRIODE, .a = (grid), .b = (plate), .c = (cathode), .triode = &bl_12ax7     \
    }
#define PAIR(push, pull, primary, type)                                                            \
    {                                                                                              \
        .kind = BL_PART_PUSH_PULL, .a = (push), .b = (pull), .c = (primary), .pentode = (type)     \
    }
/// From one end to the wiper and from there to the other, turned up by `part` of its track.
#define POT(high, wiper, low, ohms, part)                                                          \
    R(high, wiper, (ohms) * (1.0 - (part)) + 1.0), R(wiper, low, (ohms) * (part) + 1.0)

#define PLATE_OHMS 38e3
#define MILLER_F 100e-12

// --- Stages ---

/// From the jack to the first plate.
enum { FIRST_GRID, FIRST_PLATE, FIRST_CATHODE };
#define FIRST(cathode_ohms, cathode_farads)                                                        \
    {                                                                                              \
        R(BL_INPUT, FIRST_GRID, 34e3), C(FIRST_GRID, BL_GROUND, MILLER_F),                         \
            TUBE(FIRST_GRID, FIRST_PLATE, FIRST_CATHODE), R(BL_SUPPLY, FIRST_PLATE, 100e3),        \
            R(FIRST_CATHODE, BL_GROUND, cathode_ohms), C(FIRST_CATHODE, BL_GROUND, cathode_farads) \
    }

/// A coupling capacitor, a divider with a treble bypass, and a triode.
enum { NEXT_SOURCE, NEXT_COUPLED, NEXT_GRID, NEXT_PLATE, NEXT_CATHODE };
#define NEXT(coupling, upper, bypass, lower, cathode_ohms, cathode_farads)                         \
    {                                                                                              \
        R(BL_INPUT, NEXT_SOURCE, PLATE_OHMS), C(NEXT_SOURCE, NEXT_COUPLED, coupling),              \
            R(NEXT_COUPLED, NEXT_GRID, upper), C(NEXT_COUPLED, NEXT_GRID, bypass),                 \
            R(NEXT_GRID, BL_GROUND, lower), C(NEXT_GRID, BL_GROUND, MILLER_F),                     \
            TUBE(NEXT_GRID, NEXT_PLATE, NEXT_CATHODE), R(BL_SUPPLY, NEXT_PLATE, 100e3),            \
            R(NEXT_CATHODE, BL_GROUND, cathode_ohms), C(NEXT_CATHODE, BL_GROUND, cathode_farads)   \
    }

/// Treble, bass and middle as in the 1959 Bassman and everything after it, then a volume control.
enum { STACK_SOURCE, STACK_SLOPE, STACK_TOP, STACK_BASS, STACK_MIDDLE, STACK_WIPER, STACK_OUT };
#define STACK(source, slope, treble_f, bass_f, middle_f, treble_ohms, bass_ohms, middle_ohms,      \
              treble, bass, middle, volume)                                                        \
    {                                                                                              \
        R(BL_INPUT, STACK_SOURCE, source), C(STACK_SOURCE, STACK_TOP, treble_f),                   \
            R(STACK_SOURCE, STACK_SLOPE, slope), C(STACK_SLOPE, STACK_BASS, bass_f),               \
            C(STACK_SLOPE, STACK_MIDDLE, middle_f),                                                \
            POT(STACK_TOP, STACK_WIPER, STACK_BASS, treble_ohms, treble),                          \
            R(STACK_BASS, STACK_MIDDLE, (bass_ohms) * (bass) + 1.0),                               \
            R(STACK_MIDDLE, BL_GROUND, (middle_ohms) * (middle) + 1.0),                            \
            POT(STACK_WIPER, STACK_OUT, BL_GROUND, 1e6, volume)                                    \
    }

/// The long-tailed pair and the power tubes, up to half the swing of the transformer's primary.
/// `feedback` is the resistor from the loudspeaker to the tail.
enum {
    POWER_SOURCE,
    POWER_GRID,
    POWER_CATHODE,
    POWER_TAIL,
    POWER_OTHER_GRID,
    POWER_PLATE,
    POWER_OTHER_PLATE,
    POWER_FEEDBACK,
    POWER_PUSH,
    POWER_PULL,
    POWER_PRIMARY
};
#define POWER(source, feedback, type, plate_to_plate)                                              \
    {                                                                                              \
        R(BL_INPUT, POWER_SOURCE, source), C(POWER_SOURCE, POWER_GRID, 22e-9),                     \
            C(POWER_GRID, BL_GROUND, MILLER_F), R(POWER_GRID, POWER_TAIL, 1e6),                    \
            R(POWER_OTHER_GRID, POWER_TAIL, 1e6), C(POWER_OTHER_GRID, POWER_FEEDBACK, 100e-9),     \
            R(POWER_CATHODE, POWER_TAIL, 470.0), R(POWER_TAIL, POWER_FEEDBACK, 10e3),              \
            R(POWER_FEEDBACK, BL_GROUND, 4.7e3), R(BL_FEEDBACK, POWER_FEEDBACK, feedback),         \
            TUBE(POWER_GRID, POWER_PLATE, POWER_CATHODE), R(BL_SUPPLY, POWER_PLATE, 82e3),         \
            TUBE(POWER_OTHER_GRID, POWER_OTHER_PLATE, POWER_CATHODE),                              \
            R(BL_SUPPLY, POWER_OTHER_PLATE, 100e3), C(POWER_PLATE, POWER_PUSH, 22e-9),             \
            R(POWER_PUSH, BL_BIAS, 220e3), C(POWER_OTHER_PLATE, POWER_PULL, 22e-9),                \
            R(POWER_PULL, BL_BIAS, 220e3), PAIR(POWER_PULL, POWER_PUSH, POWER_PRIMARY, type),      \
            R(POWER_PRIMARY, BL_GROUND, (plate_to_plate) / 4.0),                                   \
            C(POWER_PRIMARY, BL_GROUND, 4e-9), CORE(POWER_PRIMARY, BL_GROUND, 2.5, 1.3)            \
    }

// --- Clean: American, two triodes around its tone controls, much feedback ---

static const bl_part clean_first[] = FIRST(1.5e3, 25e-6);
static const bl_part clean_stack[] =
    STACK(PLATE_OHMS, 100e3, 250e-12, 100e-9, 47e-9, 250e3, 250e3, 10e3, 0.6, 0.3, 0.7, 0.02);
static const bl_part clean_next[] = NEXT(22e-9, 100.0, 1e-12, 1e6, 820.0, 25e-6);
static const bl_part clean_power[] = POWER(300e3, 47e3, &bl_6l6gc, 4.2e3);
static const bl_amp_stage clean[] = {{clean_first, COUNT(clean_first), FIRST_PLATE},
                                     {clean_stack, COUNT(clean_stack), STACK_OUT},
                                     {clean_next, COUNT(clean_next), NEXT_PLATE},
                                     {clean_power, COUNT(clean_power), POWER_PRIMARY}};

// --- Edge of breakup: the same school turned up, British tone controls, no feedback to speak of
// ---

static const bl_part edge_first[] = FIRST(1.5e3, 25e-6);
static const bl_part edge_next[] = NEXT(22e-9, 820e3, 47e-12, 180e3, 820.0, 25e-6);
static const bl_part edge_stack[] =
    STACK(1.0e3, 56e3, 250e-12, 22e-9, 22e-9, 220e3, 1e6, 25e3, 0.55, 0.3, 0.6, 0.07);
static const bl_part edge_power[] = POWER(150e3, 470e3, &bl_6l6gc, 4.2e3);
static const bl_amp_stage edge[] = {{edge_first, COUNT(edge_first), FIRST_PLATE},
                                    {edge_next, COUNT(edge_next), NEXT_PLATE},
                                    {edge_stack, COUNT(edge_stack), STACK_OUT},
                                    {edge_power, COUNT(edge_power), POWER_PRIMARY}};

// --- Crunch: British, a cold second stage that clips one side ---

static const bl_part crunch_first[] = FIRST(2.7e3, 0.68e-6);
static const bl_part crunch_cold[] = NEXT(22e-9, 680e3, 220e-12, 220e3, 10e3, 1e-12);
static const bl_part crunch_third[] = NEXT(22e-9, 470e3, 470e-12, 470e3, 820.0, 1e-12);
static const bl_part crunch_stack[] =
    STACK(1.0e3, 33e3, 470e-12, 22e-9, 22e-9, 220e3, 1e6, 25e3, 0.6, 0.25, 0.6, 0.08);
static const bl_part crunch_power[] = POWER(150e3, 100e3, &bl_el34, 3.4e3);
static const bl_amp_stage crunch[] = {{crunch_first, COUNT(crunch_first), FIRST_PLATE},
                                      {crunch_cold, COUNT(crunch_cold), NEXT_PLATE},
                                      {crunch_third, COUNT(crunch_third), NEXT_PLATE},
                                      {crunch_stack, COUNT(crunch_stack), STACK_OUT},
                                      {crunch_power, COUNT(crunch_power), POWER_PRIMARY}};

// --- Lead: four stages in a row, one of them cold, little bass before them ---

static const bl_part lead_first[] = FIRST(1.8e3, 1e-6);
static const bl_part lead_second[] = NEXT(4.7e-9, 220e3, 470e-12, 470e3, 1.8e3, 1e-6);
static const bl_part lead_cold[] = NEXT(22e-9, 470e3, 220e-12, 220e3, 39e3, 1e-12);
static const bl_part lead_fourth[] = NEXT(22e-9, 220e3, 1e-12, 220e3, 1.8e3, 1e-12);
static const bl_part lead_stack[] =
    STACK(1.0e3, 47e3, 470e-12, 22e-9, 22e-9, 250e3, 250e3, 25e3, 0.55, 0.5, 0.4, 0.03);
static const bl_part lead_power[] = POWER(100e3, 56e3, &bl_6l6gc, 4.2e3);
static const bl_amp_stage lead[] = {
    {lead_first, COUNT(lead_first), FIRST_PLATE}, {lead_second, COUNT(lead_second), NEXT_PLATE},
    {lead_cold, COUNT(lead_cold), NEXT_PLATE},    {lead_fourth, COUNT(lead_fourth), NEXT_PLATE},
    {lead_stack, COUNT(lead_stack), STACK_OUT},   {lead_power, COUNT(lead_power), POWER_PRIMARY}};

#define DESIGN(id, text, amp_supply, amp_bias, rectifier, ratio, volts)                            \
    {                                                                                              \
        .name = #id, .description = (text), .stages = (id), .count = COUNT(id),                    \
        .preamp_supply_v = 300.0, .supply_v = (amp_supply), .bias_v = (amp_bias),                  \
        .rectifier_ohms = (rectifier), .reservoir_farads = 40e-6, .turns = (ratio),                \
        .full_scale_v = (volts)                                                                    \
    }

const bl_amp_design bl_amp_designs[BL_AMP_DESIGNS] = {
    DESIGN(clean, "two triodes, American tone controls, 6L6 pair", 440.0, -45.0, 80.0, 0.09, 40.0),
    DESIGN(edge, "turned up until it breaks, 6L6 pair that sags", 420.0, -42.0, 150.0, 0.09, 40.0),
    DESIGN(crunch, "British, three stages, EL34 pair", 450.0, -38.0, 80.0, 0.1, 50.0),
    DESIGN(lead, "four stages of gain, 6L6 pair", 450.0, -46.0, 80.0, 0.09, 20.0),
};
