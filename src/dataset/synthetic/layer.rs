//! One leaf of a dead-leaves scene.

/// An outline.
#[derive(Clone, Copy)]
#[rustfmt::skip]
pub enum Shape { HalfPlane, Ellipse, Box, Diamond, Ring }

/// One occluding shape, in coordinates where its outline is one unit from its centre.
pub struct Layer {
    /// Its outline.
    pub shape: Shape,
    /// Unit coordinates (Q22) of pixel (0, 0), and their change per column and per row.
    pub map: [[i32; 2]; 3],
    /// Coverage (Q8) gained per unit of depth: the inverse of the edge's blur.
    pub sharpness: i32,
    /// How far noise displaces the outline (Q8).
    pub wobble: i32,
    /// Colour and texture contrast.
    pub paint: [i32; 4],
}

impl Layer {
    /// Paints it over row `y`, `canvas`, whose noise is `noise`.
    pub fn paint_row(&self, y: i32, noise: &[[i32; 4]], canvas: &mut [[i32; 4]]) {
        let disc = |p: i32, q: i32| 512 - ((p * p + q * q) >> 11);
        match self.shape {
            Shape::HalfPlane => self.blend_row(|_, q| q, y, noise, canvas),
            Shape::Ellipse => self.blend_row(disc, y, noise, canvas),
            Shape::Box => self.blend_row(|p, q| 1024 - p.abs().max(q.abs()), y, noise, canvas),
            Shape::Diamond => self.blend_row(|p, q| (1024 - p.abs() - q.abs()) * 3 / 4, y, noise, canvas),
            Shape::Ring => self.blend_row(|p, q| disc(p, q).min(330 - disc(p, q)), y, noise, canvas),
        }
    }

    /// Blends the paint over `canvas` inside the outline, where `depth` is positive (it and its arguments: units, Q10).
    fn blend_row(&self, depth: impl Fn(i32, i32) -> i32, y: i32, noise: &[[i32; 4]], canvas: &mut [[i32; 4]]) {
        let [origin, dx, dy] = self.map;
        let (mut p, mut q) = (origin[0] + y * dy[0], origin[1] + y * dy[1]);
        for (pixel, noise) in canvas.iter_mut().zip(noise) {
            let depth = depth((p >> 12).clamp(-4096, 4096), (q >> 12).clamp(-4096, 4096));
            let wobbly = (depth + ((noise[3] * self.wobble) >> 8)).clamp(-4096, 4096);
            let coverage = (128 + ((wobbly * self.sharpness) >> 10)).clamp(0, 256);
            (p, q) = (p + dx[0], q + dx[1]);
            if coverage > 0 {
                for (under, over) in pixel.iter_mut().zip(self.paint) {
                    *under += ((over - *under) * coverage) >> 8;
                }
            }
        }
    }
}
