"""Parts of the systems that tables 2 and 3 compare with, which figure 1 lacks."""
