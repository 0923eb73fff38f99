"""Track F0 by Harvest in numpy, for installations without the compiled extension.

`native` holds the same algorithm in C++, which is compiled to `lemf._harvest`.
"""
