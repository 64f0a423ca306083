// SPDX-License-Identifier: MIT
// Linear maps over whole blocks. Common shapes have instances with constant sizes; a tile's height
// and length are chosen so that about twelve accumulators are busy. Thread: RT.

#include "rt/kernels/local.h"
#include "rt/kernels/tile.h"
#include "rt/net.h"

/// Not inlined, so that each inner loop has the registers to itself.
#define MAP_APART static __attribute__((noinline))

/// Sizes of one group, constants in the instances.
typedef struct map_shape {
    uint32_t in, out, taps;
} map_shape;

VEC_INLINE void map_tile(const bl_map_job *job, map_shape shape, tile_size size, uint32_t o,
                         uint32_t t)
{
    tile sums;
    tile_start(&sums, size, job->b + o);
    if (job->start != NULL) {
        tile_add_rows(&sums, size, job->start + o * job->start_stride + t, job->start_stride);
    }
    if (job->side_w != NULL) {
        tile_add(&sums, size, (tile_weights){job->side_w + o, shape.out}, job->side + t,
                 BL_NET_STRIDE, job->side_in);
    }
    tile_add_taps(&sums, size, (tile_weights){job->w + o, shape.out}, &job->x, job->x.rows + t,
                  shape.in, shape.taps);
    tile_store(&sums, size, job->y.at + o * job->y.stride + t, job->y.stride);
}

/// Outputs `o`.. up to `height` more, over the whole block.
VEC_INLINE void map_rows(const bl_map_job *job, map_shape shape, uint32_t height, uint32_t longest,
                         uint32_t o)
{
    uint32_t left = (job->frames + VEC_LANES - 1) / VEC_LANES, t = 0;
    while (left > 0) {
        const uint32_t take = tile_take(left, longest);
        switch (take) {
        case 1:
            map_tile(job, shape, (tile_size){height, 1}, o, t);
            break;
        case 2:
            map_tile(job, shape, (tile_size){height, 2}, o, t);
            break;
        case 3:
            if (longest >= 3) {
                map_tile(job, shape, (tile_size){height, 3}, o, t);
            }
            break;
        default:
            if (longest >= 4) {
                map_tile(job, shape, (tile_size){height, 4}, o, t);
            }
            break;
        }
        left -= take;
        t += take * VEC_LANES;
    }
}

/// X(inputs, outputs, taps, height, longest): maps of common networks.
#ifdef BL_FEW_INSTANCES
#define MAP_SHAPES(X) X(2, 2, 3, 2, 4)
#else
#define MAP_SHAPES(X)                                                                              \
    X(16, 16, 3, 4, 3)                                                                             \
    X(16, 16, 1, 4, 3)                                                                             \
    X(16, 8, 1, 4, 3)                                                                              \
    X(12, 12, 3, 6, 2)                                                                             \
    X(12, 12, 1, 6, 2)                                                                             \
    X(8, 8, 3, 4, 3)                                                                               \
    X(8, 8, 1, 4, 3)                                                                               \
    X(6, 6, 3, 6, 2)                                                                               \
    X(6, 6, 1, 6, 2)                                                                               \
    X(4, 4, 3, 4, 3)                                                                               \
    X(4, 4, 1, 4, 3)                                                                               \
    X(2, 2, 3, 2, 4)                                                                               \
    X(2, 2, 1, 2, 4)                                                                               \
    X(8, 8, 6, 4, 3)                                                                               \
    X(8, 8, 15, 4, 3)                                                                              \
    X(3, 3, 6, 3, 4)                                                                               \
    X(3, 3, 15, 3, 4)                                                                              \
    X(3, 3, 1, 3, 4)
#endif

#define MAP_INSTANCE(inputs, outputs, count, height, longest)                                      \
    MAP_APART void rows_##inputs##_##outputs##_##count(const bl_map_job *job, uint32_t o)          \
    {                                                                                              \
        map_rows(job, (map_shape){inputs, outputs, count}, height, longest, o);                    \
    }                                                                                              \
    static void map_##inputs##_##outputs##_##count(const bl_map_job *job)                          \
    {                                                                                              \
        for (uint32_t o = 0; o < (outputs); o += (height)) {                                       \
            rows_##inputs##_##outputs##_##count(job, o);                                           \
        }                                                                                          \
    }
MAP_SHAPES(MAP_INSTANCE)
#undef MAP_INSTANCE

#define MAP_ANY(height, longest)                                                                   \
    MAP_APART void rows_any_##height(const bl_map_job *job, uint32_t o)                            \
    {                                                                                              \
        const bl_map *map = job->map;                                                              \
        const map_shape shape = {map->in / map->groups, map->out / map->groups, map->taps};        \
        map_rows(job, shape, height, longest, o);                                                  \
    }
MAP_ANY(1, 4)
MAP_ANY(2, 4)
MAP_ANY(3, 4)
MAP_ANY(4, 3)
#undef MAP_ANY

// Any shape, one group.
static void map_group(const bl_map_job *job)
{
    const uint32_t out = job->map->out / job->map->groups;
    uint32_t o = 0;
    for (; o + 4 <= out; o += 4) {
        rows_any_4(job, o);
    }
    switch (out - o) {
    case 1:
        rows_any_1(job, o);
        break;
    case 2:
        rows_any_2(job, o);
        break;
    case 3:
        rows_any_3(job, o);
        break;
    default:
        break;
    }
}

static void map_groups(const bl_map_job *job)
{
    const bl_map *map = job->map;
    const uint32_t in = map->in / map->groups, out = map->out / map->groups;
    bl_map_job part = *job;
    for (uint32_t g = 0; g < map->groups; g++) {
        map_group(&part);
        part.x.rows += in * part.x.stride;
        part.w += (size_t)map->taps * in * out;
        part.b += out;
        if (part.start != NULL) {
            part.start += out * part.start_stride;
        }
        part.y.at += out * part.y.stride;
    }
}

bl_map_run *BL_KERNEL_SUFFIX(bl_choose_map)(const bl_map *map)
{
    if (map->groups != 1) {
        return map_groups;
    }
#define MAP_CHOOSE(inputs, outputs, count, height, longest)                                        \
    if (map->in == (inputs) && map->out == (outputs) && map->taps == (count)) {                    \
        return map_##inputs##_##outputs##_##count;                                                 \
    }
    MAP_SHAPES(MAP_CHOOSE)
#undef MAP_CHOOSE
    return map_group;
}
