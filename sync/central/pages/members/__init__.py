"""The pages about members: their account, the passes they buy, the data kept about them."""
