"""Stand-in ERP servers: real HTTP on loopback, stateful, with the error shapes and traps of the real ones.

They are written from documented and measured behaviour. What passes against them is protocol-tested, not accepted by
the vendor's software.
"""
