"""The colours of all figures: those of Okabe and Ito, told apart with any colour vision, and greys.

The number of a grey is its lightness in per cent.
"""

BLACK = "#000000"
BLUE = "#0072B2"
GREEN = "#009E73"
ORANGE = "#E69F00"
PURPLE = "#CC79A7"
SKY_BLUE = "#56B4E9"
VERMILION = "#D55E00"

GREY_20 = "#333333"
GREY_27 = "#444444"
GREY_33 = "#555555"
GREY_40 = "#666666"
GREY_53 = "#888888"
GREY_73 = "#BBBBBB"
GREY_87 = "#DDDDDD"
