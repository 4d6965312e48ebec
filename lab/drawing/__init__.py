"""A drawing or a picture -> 28x28, as MNIST has it: this is its door, and no other room knows a file behind it."""

from lab.drawing.canvas import strokes_from_canvas
from lab.drawing.ink import BlankDrawing, Gray, crop_to_ink
from lab.drawing.pen import Points
from lab.drawing.picture import PictureError, read_picture, read_picture_file
from lab.drawing.stages import Stage, drawing_stages, normalize_drawing, normalize_strokes, stroke_stages

__all__ = [
    "BlankDrawing",
    "Gray",
    "PictureError",
    "Points",
    "Stage",
    "crop_to_ink",
    "drawing_stages",
    "normalize_drawing",
    "normalize_strokes",
    "read_picture",
    "read_picture_file",
    "stroke_stages",
    "strokes_from_canvas",
]
