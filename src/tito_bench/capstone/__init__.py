"""The capstone: four tracks measured on the student's own TinyTorch."""
