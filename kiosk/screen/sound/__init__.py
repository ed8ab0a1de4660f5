"""The sound of each signal, and the loudspeaker that plays it."""
