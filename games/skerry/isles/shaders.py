"""The two shaders: faceted things in evening haze, and sky and sea behind them."""

HAZE = """
const vec3 SUN = normalize(vec3(0.35, 0.16, 1.0));
vec3 sky(vec3 ray) {
    float up = clamp(ray.y, 0.0, 1.0);
    vec3 low = vec3(1.0, 0.56, 0.34), middle = vec3(0.86, 0.42, 0.52), high = vec3(0.16, 0.17, 0.42);
    vec3 colour = mix(low, middle, smoothstep(0.0, 0.16, up));
    colour = mix(colour, high, smoothstep(0.1, 0.62, up));
    float sun = max(dot(ray, SUN), 0.0);
    return colour + vec3(1.0, 0.8, 0.5) * (0.28 * pow(sun, 14.0) + smoothstep(0.9986, 0.9992, sun));
}
"""

THINGS_VERTEX = """
#version 330
uniform mat4 view;
in vec3 corner, normal;
in vec4 place;      // x, y, z, yaw
in vec4 shape;      // width, height, bank, pitch
in vec3 colour;
out vec3 world, facing, tint;
void main() {
    vec3 p = corner * vec3(shape.xy, shape.x), n = normal / vec3(shape.xy, shape.x);
    float b = shape.z, t = shape.w, y = place.w;
    mat3 banked = mat3(cos(b), sin(b), 0.0, -sin(b), cos(b), 0.0, 0.0, 0.0, 1.0);
    mat3 pitched = mat3(1.0, 0.0, 0.0, 0.0, cos(t), sin(t), 0.0, -sin(t), cos(t));
    mat3 turned = mat3(cos(y), 0.0, -sin(y), 0.0, 1.0, 0.0, sin(y), 0.0, cos(y));
    mat3 all = turned * pitched * banked;
    world = all * p + place.xyz;
    facing = normalize(all * n);
    tint = colour;
    gl_Position = view * vec4(world, 1.0);
}
"""

THINGS_FRAGMENT = (
    """
#version 330
uniform vec3 eye;
in vec3 world, facing, tint;
out vec4 pixel;
"""
    + HAZE
    + """
void main() {
    vec3 ray = world - eye;
    float away = length(ray);
    ray /= away;
    vec3 n = dot(facing, ray) > 0.0 ? -facing : facing;
    float sun = max(dot(n, SUN), 0.0), above = 0.5 + 0.5 * n.y;
    vec3 lit = tint * (vec3(0.26, 0.26, 0.44) * above + vec3(1.1, 0.72, 0.46) * sun + 0.12);
    lit += max(tint - 1.0, 0.0);
    float haze = 1.0 - exp(-away * 0.0052);
    pixel = vec4(mix(lit, sky(vec3(ray.x, max(ray.y, 0.015), ray.z)), haze), 1.0);
}
"""
)

BACKDROP_VERTEX = """
#version 330
uniform mat3 eyes;  // right, up, forward; right and up are as long as half the picture
out vec3 ray;
void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0;
    ray = eyes * vec3(corner, 1.0);
    gl_Position = vec4(corner, 1.0, 1.0);
}
"""

BACKDROP_FRAGMENT = (
    """
#version 330
uniform vec3 eye;
uniform float seconds;
in vec3 ray;
out vec4 pixel;
"""
    + HAZE
    + """
void main() {
    vec3 r = normalize(ray);
    if (r.y > 0.0) {
        pixel = vec4(sky(r), 1.0);
        return;
    }
    float away = eye.y / max(-r.y, 0.004);
    vec2 p = eye.xz + r.xz * away;
    float calm = exp(-away * 0.011);
    vec2 slope = calm * vec2(
        0.11 * cos(p.x * 0.55 + seconds) + 0.07 * cos(p.x * 1.3 + p.y * 0.9 - seconds * 1.7),
        0.10 * cos(p.y * 0.48 - seconds * 0.8) + 0.06 * cos(p.y * 1.7 - p.x * 0.7 + seconds * 1.3));
    vec3 n = normalize(vec3(slope.x, 1.0, slope.y));
    vec3 mirrored = reflect(r, n);
    mirrored.y = abs(mirrored.y);
    float glance = 0.04 + 0.96 * pow(1.0 - max(dot(-r, n), 0.0), 5.0);
    vec3 deep = vec3(0.05, 0.11, 0.22) + 0.05 * (slope.x + slope.y);
    vec3 water = mix(deep, sky(mirrored), clamp(glance + 0.12, 0.0, 1.0));
    water += vec3(1.0, 0.7, 0.4) * pow(max(dot(mirrored, SUN), 0.0), 90.0);
    float haze = 1.0 - exp(-away * 0.0042);
    pixel = vec4(mix(water, sky(vec3(r.x, 0.015, r.z)), haze), 1.0);
}
"""
)

BOARD_VERTEX = """
#version 330
uniform vec4 place;     // left, bottom, width, height in -1 to 1
out vec2 at;
void main() {
    at = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    gl_Position = vec4(place.xy + at * place.zw, 0.0, 1.0);
}
"""

BOARD_FRAGMENT = """
#version 330
uniform sampler2D board;
uniform vec3 ink;
in vec2 at;
out vec4 pixel;
void main() {
    float dot = texture(board, vec2(at.x, 1.0 - at.y)).r;
    if (dot < 0.5) discard;
    pixel = vec4(ink, 1.0);
}
"""
