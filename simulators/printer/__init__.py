"""A receipt printer that draws its papers: a TCP server that unmodified ESC/POS drivers talk to."""
