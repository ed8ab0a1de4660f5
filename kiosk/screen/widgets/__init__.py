"""What scenes are made of. A widget draws itself and registers what can be touched; it asks for nothing by itself."""
