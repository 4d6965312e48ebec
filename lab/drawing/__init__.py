"""A drawing or a picture -> 28x28, as MNIST has it, and whether it looks like one digit: this is its door, and no other
room knows a file behind it."""

from lab.drawing.canvas import CANVAS_PEN, SIDE, NoDrawing, TooMuch, strokes_from_canvas
from lab.drawing.ink import BlankDrawing, Gray, crop_to_ink
from lab.drawing.kinds import doubts
from lab.drawing.likeness import SHAPES, NoShapes, distances, edges, forget_shapes
from lab.drawing.pen import Points
from lab.drawing.picture import PictureError, read_picture, read_picture_file
from lab.drawing.stages import Stage, drawing_stages, normalize_drawing, normalize_strokes, odd, stroke_stages

__all__ = [
    "CANVAS_PEN",
    "SHAPES",
    "SIDE",
    "BlankDrawing",
    "Gray",
    "NoDrawing",
    "NoShapes",
    "PictureError",
    "Points",
    "Stage",
    "TooMuch",
    "crop_to_ink",
    "distances",
    "doubts",
    "drawing_stages",
    "edges",
    "forget_shapes",
    "normalize_drawing",
    "normalize_strokes",
    "odd",
    "read_picture",
    "read_picture_file",
    "stroke_stages",
    "strokes_from_canvas",
]
