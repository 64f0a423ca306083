// SPDX-License-Identifier: MIT
// Laws of tubes: the currents that given voltages draw, and their slopes, in volts, amperes and
// siemens.

#ifndef BACKLINE_SHARE_TUBE_H
#define BACKLINE_SHARE_TUBE_H

/// A triode after K. Dempwolf and U. Zoelzer, "A physically-motivated triode model for circuit
/// simulations", DAFx-11.
typedef struct bl_triode {
    double perveance, amplification, exponent, sharpness; ///< G, mu, gamma, C
    double grid_perveance, grid_exponent, grid_sharpness; ///< G_g, xi, C_g
} bl_triode;

/// A pentode after N. Koren, "Improved vacuum tube models for SPICE simulations", Glass Audio 8(5),
/// 1996, with a grid that conducts like a diode above the cathode.
typedef struct bl_pentode {
    double amplification, exponent, kg1, kp, kvb;
    double grid_perveance; ///< siemens per volt of overdrive
} bl_pentode;

typedef struct bl_triode_current {
    double plate, grid;
    double plate_by_grid, plate_by_plate, grid_by_grid; ///< slopes
} bl_triode_current;

typedef struct bl_pentode_current {
    double plate, grid;
    double plate_by_grid, plate_by_plate, grid_by_grid;
} bl_pentode_current;

/// A 12AX7 (the paper's RSD-1), an EL34 and a 6L6GC.
extern const bl_triode bl_12ax7;
extern const bl_pentode bl_el34, bl_6l6gc;

/// Currents into plate and grid; both voltages against the cathode.
bl_triode_current bl_triode_at(const bl_triode *tube, double grid_v, double plate_v);

/// The same for a pentode whose screen is at `screen_v`, over 0.
bl_pentode_current bl_pentode_at(const bl_pentode *tube, double grid_v, double plate_v,
                                 double screen_v);

#endif
