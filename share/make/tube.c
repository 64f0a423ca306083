// SPDX-License-Identifier: MIT
#include "tube.h"

#include <math.h>

const bl_triode bl_12ax7 = {.perveance = 2.242e-3,
                            .amplification = 103.2,
                            .exponent = 1.26,
                            .sharpness = 3.40,
                            .grid_perveance = 6.177e-4,
                            .grid_exponent = 1.314,
                            .grid_sharpness = 9.901};
const bl_pentode bl_el34 = {.amplification = 11.0,
                            .exponent = 1.35,
                            .kg1 = 650.0,
                            .kp = 60.0,
                            .kvb = 24.0,
                            .grid_perveance = 1.0e-3};
const bl_pentode bl_6l6gc = {.amplification = 8.7,
                             .exponent = 1.35,
                             .kg1 = 1460.0,
                             .kp = 48.0,
                             .kvb = 12.0,
                             .grid_perveance = 1.0e-3};

typedef struct soft {
    double value, slope;
} soft;

// log(1 + exp(x)), and its slope.
static soft soft_plus(double x)
{
    if (x > 30.0) {
        return (soft){x, 1.0};
    }
    const double e = exp(x);
    return (soft){log1p(e), e / (1.0 + e)};
}

// factor * (log(1 + exp(sharpness * v)) / sharpness) ^ exponent, and its slope.
static soft power_law(double factor, double sharpness, double exponent, double v)
{
    const soft s = soft_plus(sharpness * v);
    const double base = s.value / sharpness;
    if (base < 1e-12) {
        return (soft){0.0, 0.0};
    }
    const double below = factor * pow(base, exponent - 1.0);
    return (soft){below * base, exponent * below * s.slope};
}

bl_triode_current bl_triode_at(const bl_triode *t, double grid_v, double plate_v)
{
    const double drive = plate_v / t->amplification + grid_v;
    const soft cathode = power_law(t->perveance, t->sharpness, t->exponent, drive);
    soft grid = {0.0, 0.0};
    if (grid_v > -2.5) { // below, under 1e-14 A
        grid = power_law(t->grid_perveance, t->grid_sharpness, t->grid_exponent, grid_v);
    }
    return (bl_triode_current){.plate = cathode.value - grid.value,
                               .grid = grid.value,
                               .plate_by_grid = cathode.slope - grid.slope,
                               .plate_by_plate = cathode.slope / t->amplification,
                               .grid_by_grid = grid.slope};
}

bl_pentode_current bl_pentode_at(const bl_pentode *t, double grid_v, double plate_v,
                                 double screen_v)
{
    const double x = t->kp * (1.0 / t->amplification + grid_v / screen_v);
    const soft s = soft_plus(x);
    const double e = screen_v / t->kp * s.value;
    const double knee = atan(plate_v / t->kvb);
    const double bent = plate_v / t->kvb;
    const double raw = 2.0 * pow(e, t->exponent) / t->kg1;
    const double by_grid = e > 1e-12 ? t->exponent * raw / e * s.slope : 0.0;
    const soft grid = power_law(t->grid_perveance, 8.0, 1.5, grid_v);
    return (bl_pentode_current){.plate = raw * knee,
                                .grid = grid.value,
                                .plate_by_grid = by_grid * knee,
                                .plate_by_plate = raw / (t->kvb * (1.0 + bent * bent)),
                                .grid_by_grid = grid.slope};
}
